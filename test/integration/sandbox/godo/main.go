// Drives a sandbox with DigitalOcean's own client for Go, unchanged: main FLOW URL. It ends with status 0 when
// everything was as the flow expects, else with one line that says what was not.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/digitalocean/godo"
	"golang.org/x/oauth2"
)

// A flow is what one tool does, call by call, or all that the client has for one kind of resource.
type flow func(context.Context, *godo.Client)

var flows = map[string]flow{
	"doctl":     doctl,
	"terraform": terraform,
	"retries":   retries,
	"droplets":  droplets,
	"volumes":   volumes,
	"addresses": addresses,
	"domains":   domains,
	"firewalls": firewalls,
	"projects":  projects,
	"values":    values,
}

// Longer than any wait takes, and shorter than the test's patience.
const patience = 20 * time.Second

func main() {
	defer func() {
		if failure := recover(); failure != nil {
			fmt.Fprintln(os.Stderr, failure)
			os.Exit(1)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	run, known := flows[os.Args[1]]
	check(known, "no flow %s", os.Args[1])
	run(ctx, connect(os.Args[2]))
}

// The client retries as doctl and the provider do, but sooner.
func connect(url string) *godo.Client {
	wait := 0.01
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "any"})
	client, err := godo.New(oauth2.NewClient(context.Background(), token), godo.SetBaseURL(url),
		godo.WithRetryAndBackoffs(godo.RetryConfig{RetryMax: 4, RetryWaitMin: &wait, RetryWaitMax: &wait}))
	must(err)
	return client
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(is bool, format string, values ...any) {
	if !is {
		panic(fmt.Errorf(format, values...))
	}
}

// Drops the response of a call that must succeed.
func ok[T any](result T, _ *godo.Response, err error) T {
	must(err)
	return result
}

// A call that must be refused with that status.
func refused(status int, response *godo.Response, err error) error {
	check(err != nil, "expected a refusal with %d", status)
	check(response != nil && response.StatusCode == status, "expected %d: %v", status, err)
	return err
}

// Asks again until it is so.
func until(ctx context.Context, what string, is func() bool) {
	for !is() {
		select {
		case <-ctx.Done():
			panic(fmt.Errorf("gave up waiting until %s", what))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Waits for an action as Terraform's provider does, by its id.
func finish(ctx context.Context, client *godo.Client, action *godo.Action) {
	until(ctx, "an action completes: "+action.Type, func() bool {
		now := ok(client.Actions.Get(ctx, action.ID))
		check(now.Status != "errored", "%s errored", action.Type)
		return now.Status == "completed"
	})
}

func request(name string) *godo.DropletCreateRequest {
	return &godo.DropletCreateRequest{
		Name:   name,
		Region: "nyc3",
		Size:   "s-1vcpu-1gb",
		Image:  godo.DropletCreateImage{Slug: "debian-13-x64"},
		Tags:   []string{"clients"},
	}
}

// A droplet that is active and unlocked.
func running(ctx context.Context, client *godo.Client, name string) *godo.Droplet {
	droplet := ok(client.Droplets.Create(ctx, request(name)))
	until(ctx, "the droplet is active", func() bool {
		droplet = ok(client.Droplets.Get(ctx, droplet.ID))
		return droplet.Status == "active" && !droplet.Locked
	})
	return droplet
}
