package main

import (
	"context"
	"net/http"
	"slices"

	"github.com/digitalocean/godo"
)

func droplets(ctx context.Context, client *godo.Client) {
	many := &godo.DropletMultiCreateRequest{
		Names:  []string{"a", "b"},
		Region: "nyc3",
		Size:   "s-1vcpu-1gb",
		Image:  godo.DropletCreateImage{Slug: "debian-13-x64"},
		Tags:   []string{"many"},
		IPv6:   true,
	}
	check(len(ok(client.Droplets.CreateMultiple(ctx, many))) == 2, "two were asked for")
	droplet := running(ctx, client, "one")
	id := droplet.ID
	check(ok(client.Droplets.ListByName(ctx, "ONE", nil))[0].ID == id, "it is not found by its name")
	finish(ctx, client, ok(client.DropletActions.Snapshot(ctx, id, "before")))
	image := ok(client.Images.ListUser(ctx, nil))[0]
	finish(ctx, client, ok(client.DropletActions.RebuildByImageID(ctx, id, image.ID)))
	check(ok(client.Droplets.Get(ctx, id)).Image.ID == image.ID, "it was not rebuilt from its snapshot")
	finish(ctx, client, ok(client.DropletActions.RebuildByImageSlug(ctx, id, "ubuntu-24-04-x64")))
	finish(ctx, client, ok(client.DropletActions.Rename(ctx, id, "other")))
	finish(ctx, client, ok(client.DropletActions.EnableIPv6(ctx, id)))
	hour := 4
	policy := &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "MON", Hour: &hour}
	finish(ctx, client, ok(client.DropletActions.EnableBackupsWithPolicy(ctx, id, policy)))
	backups := ok(client.Droplets.GetBackupPolicy(ctx, id))
	check(backups.BackupEnabled && backups.BackupPolicy.Weekday == "MON", "backups: %v", backups)
	check(ok(client.Droplets.ListBackupPolicies(ctx, nil))[id].BackupEnabled, "the list has no backups")
	finish(ctx, client, ok(client.DropletActions.DisableBackups(ctx, id)))
	ok(client.Droplets.Kernels(ctx, id, nil))
	ok(client.Droplets.Neighbors(ctx, id))
	check(len(ok(client.Droplets.ListAssociatedResourcesForDeletion(ctx, id)).Snapshots) == 1, "no snapshot")
	finish(ctx, client, ok(client.ImageActions.Transfer(ctx, image.ID, &godo.ActionRequest{"type": "transfer", "region": "ams3"})))
	check(slices.Contains(ok(client.Images.GetByID(ctx, image.ID)).Regions, "ams3"), "it was not transferred")
	for _, action := range ok(client.DropletActions.PowerOffByTag(ctx, "many")) {
		finish(ctx, client, &action)
	}
	_, err := client.Droplets.DeleteByTag(ctx, "many")
	must(err)
	check(len(ok(client.Droplets.List(ctx, nil))) == 1, "more is left than the one")
}

func volumeRequest(name string) *godo.VolumeCreateRequest {
	return &godo.VolumeCreateRequest{Name: name, Region: "nyc3", SizeGigaBytes: 10, Tags: []string{"clients"}}
}

func volumes(ctx context.Context, client *godo.Client) {
	body := volumeRequest("data")
	body.FilesystemType, body.FilesystemLabel = "ext4", "files"
	volume := ok(client.Storage.CreateVolume(ctx, body))
	order := request("with-volume")
	order.Volumes = []godo.DropletCreateVolume{{ID: volume.ID}}
	droplet := ok(client.Droplets.Create(ctx, order))
	until(ctx, "the droplet is active", func() bool {
		droplet = ok(client.Droplets.Get(ctx, droplet.ID))
		return droplet.Status == "active" && !droplet.Locked
	})
	check(slices.Equal(droplet.VolumeIDs, []string{volume.ID}), "it came with %v", droplet.VolumeIDs)
	response, err := client.Storage.DeleteVolume(ctx, volume.ID)
	refused(http.StatusConflict, response, err)
	finish(ctx, client, ok(client.StorageActions.Resize(ctx, volume.ID, 20, "nyc3")))
	snapshot := ok(client.Storage.CreateSnapshot(ctx, &godo.SnapshotCreateRequest{VolumeID: volume.ID, Name: "copy"}))
	check(len(ok(client.Storage.ListSnapshots(ctx, volume.ID, nil))) == 1, "its snapshot is not listed")
	check(ok(client.Snapshots.ListVolume(ctx, nil))[0].ID == snapshot.ID, "no list of snapshots has it")
	detach := ok(client.StorageActions.DetachByDropletID(ctx, volume.ID, droplet.ID))
	until(ctx, "it is detached", func() bool {
		return ok(client.StorageActions.Get(ctx, volume.ID, detach.ID)).Status == "completed"
	})
	again := volumeRequest("again")
	again.SnapshotID, again.SizeGigaBytes = snapshot.ID, 20
	ok(client.Storage.CreateVolume(ctx, again))
	named := ok(client.Storage.ListVolumes(ctx, &godo.ListVolumeParams{Region: "nyc3", Name: "data"}))
	check(len(named) == 1 && named[0].SizeGigaBytes == 20, "by its name: %v", named)
	_, err = client.Storage.DeleteVolume(ctx, volume.ID)
	must(err)
	_, err = client.Storage.DeleteSnapshot(ctx, snapshot.ID)
	must(err)
}

func addresses(ctx context.Context, client *godo.Client) {
	droplet := running(ctx, client, "with-address")
	create := &godo.ReservedIPCreateRequest{DropletID: droplet.ID}
	reserved, response, err := client.ReservedIPs.Create(ctx, create)
	must(err)
	finish(ctx, client, ok(response.Links.Actions[0].Get(ctx, client)))
	check(ok(client.FloatingIPs.Get(ctx, reserved.IP)).Droplet.ID == droplet.ID, "as a floating IP it is another")
	check(len(ok(client.ReservedIPs.List(ctx, nil))) == 1, "it is not listed")
	_, response, err = client.ReservedIPActions.Assign(ctx, reserved.IP, droplet.ID)
	refused(http.StatusUnprocessableEntity, response, err)
	finish(ctx, client, ok(client.FloatingIPActions.Unassign(ctx, reserved.IP)))
	check(len(ok(client.ReservedIPActions.List(ctx, reserved.IP, nil))) == 2, "its actions are not listed")
	_, err = client.FloatingIPs.Delete(ctx, reserved.IP)
	must(err)
}

func domains(ctx context.Context, client *godo.Client) {
	ok(client.Domains.Create(ctx, &godo.DomainCreateRequest{Name: "example.com", IPAddress: "192.0.2.1"}))
	check(ok(client.Domains.Get(ctx, "example.com")).TTL == 1800, "another time to live")
	check(len(ok(client.Domains.List(ctx, nil))) == 1, "it is not listed")
	check(len(ok(client.Domains.RecordsByType(ctx, "example.com", "NS", nil))) == 3, "it has no name servers")
	alias := &godo.DomainRecordEditRequest{Type: "CNAME", Name: "www", Data: "example.com.", TTL: 60}
	record := ok(client.Domains.CreateRecord(ctx, "example.com", alias))
	check(record.Data == "example.com" && record.TTL == 60, "it came back as %v", record)
	_, response, err := client.Domains.CreateRecord(ctx, "example.com", alias)
	refused(http.StatusUnprocessableEntity, response, err)
	named := ok(client.Domains.RecordsByTypeAndName(ctx, "example.com", "CNAME", "www.example.com", nil))
	check(len(named) == 1 && named[0].ID == record.ID, "it is not found by its name")
	edited := ok(client.Domains.EditRecord(ctx, "example.com", record.ID, &godo.DomainRecordEditRequest{Type: "CNAME", Name: "web"}))
	check(edited.Name == "web" && edited.Data == "example.com", "it became %v", edited)
	_, err = client.Domains.DeleteRecord(ctx, "example.com", record.ID)
	must(err)
	_, err = client.Domains.Delete(ctx, "example.com")
	must(err)
}

func firewalls(ctx context.Context, client *godo.Client) {
	droplet := running(ctx, client, "behind-firewall")
	rule := godo.InboundRule{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"192.0.2.0/24"}}}
	body := &godo.FirewallRequest{Name: "ssh", InboundRules: []godo.InboundRule{rule}, Tags: []string{"clients"}}
	firewall := ok(client.Firewalls.Create(ctx, body))
	until(ctx, "it is applied", func() bool {
		return ok(client.Firewalls.Get(ctx, firewall.ID)).Status == "succeeded"
	})
	check(ok(client.Firewalls.ListByDroplet(ctx, droplet.ID, nil))[0].ID == firewall.ID, "it protects nothing")
	_, err := client.Firewalls.AddDroplets(ctx, firewall.ID, droplet.ID)
	must(err)
	all := godo.OutboundRule{Protocol: "tcp", PortRange: "all", Destinations: &godo.Destinations{Addresses: []string{"0.0.0.0/0"}}}
	more := &godo.FirewallRulesRequest{OutboundRules: []godo.OutboundRule{all}}
	_, err = client.Firewalls.AddRules(ctx, firewall.ID, more)
	must(err)
	_, err = client.Firewalls.RemoveRules(ctx, firewall.ID, more)
	must(err)
	_, err = client.Firewalls.RemoveTags(ctx, firewall.ID, "clients")
	must(err)
	updated := ok(client.Firewalls.Update(ctx, firewall.ID, body))
	check(len(updated.DropletIDs) == 0 && len(updated.Tags) == 1, "it was not replaced: %v", updated)
	_, err = client.Firewalls.Delete(ctx, firewall.ID)
	must(err)
}

// What Terraform would plan to change again if it came back otherwise.
func values(ctx context.Context, client *godo.Client) {
	anywhere := &godo.Sources{Addresses: []string{"0.0.0.0/0"}}
	rules := []godo.InboundRule{
		{Protocol: "tcp", PortRange: "1-65535", Sources: anywhere},
		{Protocol: "icmp", Sources: anywhere},
	}
	firewall := ok(client.Firewalls.Create(ctx, &godo.FirewallRequest{Name: "all", InboundRules: rules}))
	check(firewall.InboundRules[0].PortRange == "1-65535", "the range became %s", firewall.InboundRules[0].PortRange)
	check(firewall.InboundRules[1].PortRange == "0", "ICMP has ports: %s", firewall.InboundRules[1].PortRange)

	project := ok(client.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "values", Purpose: "Fun"}))
	check(project.Environment == "", "nobody asked for the environment %s", project.Environment)
	check(project.Purpose == "Other: Fun", "the purpose became %s", project.Purpose)

	image := ok(client.Images.Create(ctx, &godo.CustomImageCreateRequest{
		Name: "own", Url: "https://example.com/image.raw", Region: "nyc3", Distribution: "Unknown OS",
	}))
	check(image.Distribution == "Unknown OS", "the distribution became %s", image.Distribution)

	volume := ok(client.Storage.CreateVolume(ctx, volumeRequest("values")))
	copied := ok(client.Storage.CreateSnapshot(ctx, &godo.SnapshotCreateRequest{VolumeID: volume.ID, Name: "copy"}))
	check(copied.SizeGigaBytes == 0, "nothing takes %v GB", copied.SizeGigaBytes)
	check(int64(copied.MinDiskSize) == volume.SizeGigaBytes, "as big a one needs %d GB", copied.MinDiskSize)

	anyRegion := request("anywhere")
	anyRegion.Region = ""
	anyRegion.Backups = true
	anyRegion.BackupPolicy = &godo.DropletBackupPolicyRequest{Plan: "daily", Hour: godo.PtrTo(4)}
	check(ok(client.Droplets.Create(ctx, anyRegion)).Region.Slug != "", "it is nowhere")
	place := request("new-york")
	place.Region = "nyc"
	check(ok(client.Droplets.Create(ctx, place)).Region.Slug == "nyc1", "it is elsewhere")
}

func projects(ctx context.Context, client *godo.Client) {
	create := &godo.CreateProjectRequest{Name: "shop", Purpose: "Web Application", Environment: "Staging"}
	project := ok(client.Projects.Create(ctx, create))
	droplet := running(ctx, client, "in-project")
	ok(client.Projects.AssignResources(ctx, project.ID, droplet))
	held := ok(client.Projects.ListResources(ctx, project.ID, nil))
	check(len(held) == 1 && held[0].URN == droplet.URN(), "it holds %v", held)
	response, err := client.Projects.Delete(ctx, project.ID)
	refused(http.StatusPreconditionFailed, response, err)
	_, err = client.Droplets.Delete(ctx, droplet.ID)
	must(err)
	changed := ok(client.Projects.Update(ctx, project.ID, &godo.UpdateProjectRequest{Name: "other"}))
	check(changed.Name == "other" && !changed.IsDefault, "it was not renamed: %v", changed)
	_, err = client.Projects.Delete(ctx, project.ID)
	must(err)
	check(ok(client.Projects.GetDefault(ctx)).IsDefault, "there is no default")
}
