package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

// `doctl compute droplet create --wait`, `list`, `get` and `delete`: the wait follows the path, not the host, of
// the link whose relation is create, and lists page by page to the last.
func doctl(ctx context.Context, client *godo.Client) {
	droplet, response, err := client.Droplets.Create(ctx, request("by-doctl"))
	must(err)
	var monitor *url.URL
	for _, action := range response.Links.Actions {
		if action.Rel == "create" {
			monitor, err = url.Parse(action.HREF)
			must(err)
		}
	}
	check(monitor != nil, "the create has no link to its action")
	until(ctx, "the create completes", func() bool {
		action := ok(client.DropletActions.GetByURI(ctx, monitor.Path))
		check(action.Status != "errored", "the create errored")
		return action.Status == "completed"
	})
	check(ok(client.Droplets.Get(ctx, droplet.ID)).Status == "active", "it is not active after the wait")
	for _, name := range []string{"second", "third", "fourth", "fifth"} {
		running(ctx, client, name)
	}
	pages, names := 0, map[string]bool{}
	for page, last := 1, 1; page <= last; page++ {
		list, response, err := client.Droplets.List(ctx, &godo.ListOptions{Page: page, PerPage: 2})
		must(err)
		if response.Links.Pages != nil && response.Links.Pages.Last != "" {
			parsed, err := url.Parse(response.Links.Pages.Last)
			must(err)
			check(parsed.Query().Get("page") == "3", "the last page is not 3: %s", parsed)
			last = 3
		}
		pages++
		for _, one := range list {
			names[one.Name] = true
		}
	}
	check(pages == 3 && len(names) == 5, "%d pages with %d names", pages, len(names))
	for _, one := range ok(client.Droplets.ListByTag(ctx, "clients", nil)) {
		_, err := client.Droplets.Delete(ctx, one.ID)
		must(err)
	}
	_, response, err = client.Droplets.Get(ctx, droplet.ID)
	refused(http.StatusNotFound, response, err)
}

// What Terraform's provider does for `digitalocean_droplet` with a change of size, `digitalocean_droplet_snapshot`,
// `digitalocean_volume_attachment` and `digitalocean_reserved_ip`: create, read, update, destroy.
func terraform(ctx context.Context, client *godo.Client) {
	droplet := ok(client.Droplets.Create(ctx, request("by-terraform")))
	settled := func(status string) {
		until(ctx, "the droplet is "+status, func() bool {
			droplet = ok(client.Droplets.Get(ctx, droplet.ID))
			return droplet.Status == status && !droplet.Locked
		})
	}
	settled("active")
	address, err := droplet.PublicIPv4()
	must(err)
	check(address != "", "no public address after the create")
	resize(ctx, client, droplet, settled)
	snapshot(ctx, client, droplet)
	attach(ctx, client, droplet)
	reserve(ctx, client, droplet)
	settled("active")
	_, err = client.Droplets.Delete(ctx, droplet.ID)
	must(err)
	until(ctx, "the droplet is gone", func() bool {
		_, response, err := client.Droplets.Get(ctx, droplet.ID)
		return err != nil && response.StatusCode == http.StatusNotFound
	})
}

func resize(ctx context.Context, client *godo.Client, droplet *godo.Droplet, settled func(string)) {
	ok(client.DropletActions.PowerOff(ctx, droplet.ID))
	settled("off")
	_, response, err := client.DropletActions.PowerOff(ctx, droplet.ID)
	message := refused(http.StatusUnprocessableEntity, response, err).Error()
	check(strings.Contains(message, "Droplet is already powered off"), "the provider knows no %q", message)
	finish(ctx, client, ok(client.DropletActions.Resize(ctx, droplet.ID, "s-2vcpu-2gb", true)))
	ok(client.DropletActions.PowerOn(ctx, droplet.ID))
	settled("active")
	now := ok(client.Droplets.Get(ctx, droplet.ID))
	check(now.SizeSlug == "s-2vcpu-2gb" && now.Disk == 60, "resized to %s with %d GB", now.SizeSlug, now.Disk)
}

// The action does not name the snapshot: it is the one whose creation is the action's start, to the second.
func snapshot(ctx context.Context, client *godo.Client, droplet *godo.Droplet) {
	action := ok(client.DropletActions.Snapshot(ctx, droplet.ID, "by-terraform"))
	finish(ctx, client, action)
	for _, one := range ok(client.Droplets.Snapshots(ctx, droplet.ID, &godo.ListOptions{PerPage: 200})) {
		created, err := time.Parse("2006-01-02T15:04:05Z", one.Created)
		must(err)
		if created.Equal(action.StartedAt.Time) {
			_, err := client.Snapshots.Delete(ctx, godo.Stringify(one.ID))
			must(err)
			return
		}
	}
	check(false, "no snapshot was created at the action's start, %s", action.StartedAt)
}

// While the droplet is busy the provider tries again, by these very words.
func attach(ctx context.Context, client *godo.Client, droplet *godo.Droplet) {
	volume := ok(client.Storage.CreateVolume(ctx, volumeRequest("by-terraform")))
	ok(client.DropletActions.Reboot(ctx, droplet.ID))
	retried := false
	until(ctx, "the volume is attached", func() bool {
		action, response, err := client.StorageActions.Attach(ctx, volume.ID, droplet.ID)
		if err != nil && response.StatusCode == http.StatusUnprocessableEntity {
			check(strings.Contains(err.Error(), "Droplet already has a pending event."), "%v", err)
			retried = true
			return false
		}
		must(err)
		finish(ctx, client, action)
		return true
	})
	check(retried, "the droplet was not busy while it rebooted")
	holders := ok(client.Storage.GetVolume(ctx, volume.ID)).DropletIDs
	check(len(holders) == 1 && holders[0] == droplet.ID, "the volume is attached to %v", holders)
	finish(ctx, client, ok(client.StorageActions.DetachByDropletID(ctx, volume.ID, droplet.ID)))
	_, err := client.Storage.DeleteVolume(ctx, volume.ID)
	must(err)
}

func reserve(ctx context.Context, client *godo.Client, droplet *godo.Droplet) {
	reserved := ok(client.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "nyc3"}))
	wait := func(action *godo.Action) {
		until(ctx, "the address moves", func() bool {
			return ok(client.ReservedIPActions.Get(ctx, reserved.IP, action.ID)).Status == "completed"
		})
	}
	wait(ok(client.ReservedIPActions.Assign(ctx, reserved.IP, droplet.ID)))
	holder := ok(client.ReservedIPs.Get(ctx, reserved.IP)).Droplet
	check(holder != nil && holder.ID == droplet.ID, "the address leads to %v", holder)
	wait(ok(client.ReservedIPActions.Unassign(ctx, reserved.IP)))
	// Its destroy tolerates that the address leads nowhere any more.
	_, response, err := client.ReservedIPActions.Unassign(ctx, reserved.IP)
	refused(http.StatusUnprocessableEntity, response, err)
	_, err = client.ReservedIPs.Delete(ctx, reserved.IP)
	must(err)
}

// Both tools let the client ask again after what passes. It does so with a create too: when a gateway loses the
// reply, there are two droplets, as at DigitalOcean.
func retries(ctx context.Context, client *godo.Client) {
	set(ctx, client, `{"serverError": {"next": 2}, "burstLimit": {"next": 1}}`)
	check(ok(client.Account.Get(ctx)).Status == "active", "the account is not active")
	set(ctx, client, `{"gatewayTimeout": {"next": 1, "operation": "droplets.create"}}`)
	ok(client.Droplets.Create(ctx, request("twice")))
	check(len(ok(client.Droplets.List(ctx, nil))) == 2, "the lost create was not carried out, or not repeated")
}

func set(ctx context.Context, client *godo.Client, faults string) {
	target := client.BaseURL.JoinPath("/sandbox/faults").String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, target, strings.NewReader(faults))
	must(err)
	response, err := http.DefaultClient.Do(request)
	must(err)
	must(response.Body.Close())
	check(response.StatusCode == http.StatusOK, "the faults were not set: %s", response.Status)
}
