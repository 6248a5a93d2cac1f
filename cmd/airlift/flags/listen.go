package flags

import (
	"github.com/spf13/cobra"

	"airlift/worker/service/web"
)

// Listen has the flags for where the page of a queue is.
type Listen struct{ place web.Place }

// Add adds the flags.
func (l *Listen) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.place.Address, "listen", "", "serve a page that shows and steers the queue at this address of this machine, such as 127.0.0.1:8321 (default: none)")
	f.BoolVar(&l.place.Anywhere, "listen-anywhere", false, "allow --listen to take an address that other machines reach, without encryption")
	f.StringVar(&l.place.TokenFile, "listen-token-file", "", "take the tokens of the page from this file, with lines \"read TOKEN\" and \"act TOKEN\" (default: new ones at each start)")
}

// Place returns where the page is to be.
func (l *Listen) Place() web.Place { return l.place }
