"""Drives a sandbox with DigitalOcean's own client for Python, unchanged: flows.py FLOW URL.

It ends with status 0 when everything was as the flow expects, else with what was not.
"""

import sys
import time

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import HeadersPolicy
from pydo import Client

PATIENCE_SECONDS = 20
POLL_SECONDS = 0.02


def connect(url):
    """The client's own way to send a token refuses plain HTTP, so the token goes as a header."""
    token = HeadersPolicy(base_headers={"Authorization": "Bearer any"})
    return Client(token="any", endpoint=url, authentication_policy=token)


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


def refused(status, call):
    """A call that must be refused with that status."""
    try:
        call()
    except HttpResponseError as error:
        check(error.status_code == status, f"expected {status}, and not {error.status_code}")
        return
    raise AssertionError(f"expected a refusal with {status}")


def until(what, is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        check(time.monotonic() < deadline, f"gave up waiting until {what}")
        time.sleep(POLL_SECONDS)


def finish(client, action):
    """Waits for an action by its id."""
    until(
        f"{action['type']} completes",
        lambda: client.actions.get(action["id"])["action"]["status"] == "completed",
    )


def order(name, **more):
    return {
        "name": name,
        "region": "nyc3",
        "size": "s-1vcpu-1gb",
        "image": "debian-13-x64",
        "tags": ["clients"],
        **more,
    }


def running(client, name, **more):
    """The id of a droplet that was created and waited for."""
    created = client.droplets.create(order(name, **more))
    droplet_id = created["droplet"]["id"]
    check(created["links"]["actions"][0]["rel"] == "create", "the create has no link to its action")
    finish(client, {"type": "create", **created["links"]["actions"][0]})
    check(client.droplets.get(droplet_id)["droplet"]["status"] == "active", "it is not active")
    return droplet_id


def act(client, droplet_id, **body):
    finish(client, client.droplet_actions.post(droplet_id, body)["action"])


def droplets(client):
    for name in ("a", "b", "c"):
        client.droplets.create(order(name))
    droplet_id = running(client, "one")
    names, page = [], 1
    while True:
        listed = client.droplets.list(per_page=2, page=page)
        names += [droplet["name"] for droplet in listed["droplets"]]
        if "next" not in listed["links"].get("pages", {}):
            break
        page += 1
    check(sorted(names) == ["a", "b", "c", "one"], f"listed page by page: {names}")
    act(client, droplet_id, type="power_off")
    act(client, droplet_id, type="resize", size="s-2vcpu-2gb", disk=True)
    act(client, droplet_id, type="power_on")
    act(client, droplet_id, type="snapshot", name="before")
    image = client.droplets.list_snapshots(droplet_id)["snapshots"][0]["id"]
    act(client, droplet_id, type="rebuild", image=image)
    droplet = client.droplets.get(droplet_id)["droplet"]
    check((droplet["size_slug"], droplet["image"]["id"]) == ("s-2vcpu-2gb", image), f"it is {droplet}")
    policy = {"plan": "daily", "hour": 4}
    act(client, droplet_id, type="enable_backups", backup_policy=policy)
    check(client.droplets.get_backup_policy(droplet_id)["policy"]["backup_enabled"], "no backups")
    client.droplets.destroy_with_associated_resources_dangerous(droplet_id, x_dangerous=True)
    until(
        "it is destroyed with all",
        lambda: "completed_at" in client.droplets.get_destroy_associated_resources_status(droplet_id),
    )
    check(client.snapshots.list()["snapshots"] == [], "its snapshot is left")
    client.droplets.destroy_by_tag(tag_name="clients")
    check(client.droplets.list()["meta"]["total"] == 0, "droplets are left")


def volumes(client):
    body = {"name": "data", "region": "nyc3", "size_gigabytes": 10, "filesystem_type": "ext4"}
    volume_id = client.volumes.create(body)["volume"]["id"]
    droplet_id = running(client, "with-volume")
    attach = {"type": "attach", "droplet_id": droplet_id, "region": "nyc3"}
    finish(client, client.volume_actions.post_by_id(volume_id, attach)["action"])
    check(client.volumes.get(volume_id)["volume"]["droplet_ids"] == [droplet_id], "it is not attached")
    refused(409, lambda: client.volumes.delete(volume_id))
    second = client.volumes.create({**body, "name": "more"})["volume"]["id"]
    by_name = {**attach, "volume_name": "more"}
    finish(client, client.volume_actions.post(by_name)["action"])
    attached = client.droplets.get(droplet_id)["droplet"]["volume_ids"]
    check(attached == [volume_id, second], f"attached are {attached}")
    grow = {"type": "resize", "size_gigabytes": 20}
    finish(client, client.volume_actions.post_by_id(volume_id, grow)["action"])
    copy = client.volume_snapshots.create(volume_id, {"name": "copy"})["snapshot"]
    check(copy["min_disk_size"] == 20, f"it is copied as {copy}")
    detach = {"type": "detach", "droplet_id": droplet_id}
    finish(client, client.volume_actions.post_by_id(volume_id, detach)["action"])
    client.volume_snapshots.delete_by_id(copy["id"])
    client.volumes.delete(volume_id)
    client.droplets.destroy(droplet_id)
    client.volumes.delete_by_name(name="more", region="nyc3")
    check(client.volumes.list()["meta"]["total"] == 0, "volumes are left")


def addresses(client):
    droplet_id = running(client, "with-address")
    reserved = client.reserved_ips.create({"droplet_id": droplet_id})
    address = reserved["reserved_ip"]["ip"]
    finish(client, {"type": "assign_ip", **reserved["links"]["actions"][0]})
    check(client.reserved_ips.get(address)["reserved_ip"]["droplet"]["id"] == droplet_id, "it leads elsewhere")
    finish(client, client.reserved_ips_actions.post(address, {"type": "unassign"})["action"])
    check(client.reserved_ips_actions.list(address)["meta"]["total"] == 2, "its actions are not listed")
    client.reserved_ips.delete(address)


def domains(client):
    client.domains.create({"name": "example.com"})
    record = {"type": "TXT", "name": "_acme-challenge", "data": "token", "ttl": 30}
    record_id = client.domains.create_record("example.com", record)["domain_record"]["id"]
    found = client.domains.list_records("example.com", type="TXT", name="_acme-challenge.example.com")
    check(found["domain_records"][0]["data"] == "token", "it is not found")
    client.domains.patch_record("example.com", record_id, {"type": "TXT", "data": "other"})
    check(client.domains.get_record("example.com", record_id)["domain_record"]["data"] == "other", "it is as before")
    client.domains.delete_record("example.com", record_id)
    client.domains.delete("example.com")


def firewalls(client):
    droplet_id = running(client, "behind-firewall")
    ssh = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["192.0.2.0/24"]}}
    body = {"name": "ssh", "inbound_rules": [ssh], "droplet_ids": [droplet_id]}
    firewall_id = client.firewalls.create(body)["firewall"]["id"]
    until(
        "it is applied",
        lambda: client.firewalls.get(firewall_id)["firewall"]["status"] == "succeeded",
    )
    out = {"protocol": "icmp", "destinations": {"addresses": ["0.0.0.0/0"]}}
    client.firewalls.add_rules(firewall_id, {"outbound_rules": [out]})
    client.firewalls.delete_droplets(firewall_id, {"droplet_ids": [droplet_id]})
    client.firewalls.assign_droplets(firewall_id, {"droplet_ids": [droplet_id]})
    client.firewalls.add_tags(firewall_id, {"tags": ["clients"]})
    check(client.droplets.list_firewalls(droplet_id)["meta"]["total"] == 1, "it protects nothing")
    client.firewalls.update(firewall_id, {"name": "ssh", "inbound_rules": [ssh]})
    client.firewalls.delete(firewall_id)


def projects(client):
    project_id = client.projects.create({"name": "shop", "purpose": "Web"})["project"]["id"]
    urn = f"do:droplet:{running(client, 'in-project')}"
    client.projects.assign_resources(project_id, {"resources": [urn]})
    held = [resource["urn"] for resource in client.projects.list_resources(project_id)["resources"]]
    check(held == [urn], f"it holds {held}")
    # What is documented as an answer is returned by the client, and not raised.
    check(client.projects.delete(project_id)["id"] == "precondition_failed", "it goes with what it holds")
    client.projects.assign_resources_default({"resources": [urn]})
    client.projects.delete(project_id)


def others(client):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEX0ZQ6mYQZ1c3XQbJ8dJm0V6cQ9JZ8yS5XoTz0Hk1w someone"
    key_id = client.ssh_keys.create({"name": "mine", "public_key": key})["ssh_key"]["id"]
    vpc_id = client.vpcs.create({"name": "mine", "region": "ams3"})["vpc"]["id"]
    droplet_id = running(client, "with-key", ssh_keys=[key_id], region="ams3", vpc_uuid=vpc_id)
    check(client.vpcs.list_members(vpc_id)["meta"]["total"] == 1, "the VPC has no members")
    client.tags.create({"name": "env"})
    tagged = {"resources": [{"resource_id": str(droplet_id), "resource_type": "droplet"}]}
    client.tags.assign_resources("env", tagged)
    check(client.tags.get("env")["tag"]["resources"]["droplets"]["count"] == 1, "it is not tagged")
    check(client.account.get()["account"]["status"] == "active", "the account is not active")
    check(len(client.sizes.list(per_page=200)["sizes"]) > 20, "few sizes")
    image = {"name": "mine", "url": "https://example.com/image.qcow2", "region": "nyc3"}
    check(client.images.create_custom(image)["image"]["status"] == "NEW", "the image is not new")
    client.ssh_keys.delete(key_id)


FLOWS = (droplets, volumes, addresses, domains, firewalls, projects, others)


if __name__ == "__main__":
    name, url = sys.argv[1:]
    {flow.__name__: flow for flow in FLOWS}[name](connect(url))
