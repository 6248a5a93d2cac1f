package flags

import (
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/worker/service/web"
)

// The flags for where the page of a queue is.
const (
	listenFlag   = "listen"
	anywhereFlag = "listen-anywhere"
	tokensFlag   = "listen-token-file"
)

// addPage adds the flags for the page of a queue.
func addPage(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(listenFlag, "", "serve a page that shows and steers the queue at this address of this machine, such as 127.0.0.1:8321 (default: none)")
	f.Bool(anywhereFlag, false, "allow --listen to take an address that other machines reach, without encryption")
	defer config.NotOfAccount(f, listenFlag, anywhereFlag, tokensFlag)
	f.String(tokensFlag, "", "take the tokens of the page from this file, with lines \"read TOKEN\" and \"act TOKEN\" (default: new ones at each start)")
}

// Page returns where the page of the queue is to be while this process holds it; nowhere for commands that have no such flags.
//
// Errors: usage errors.
func Page(cmd *cobra.Command) (p web.Place, err error) {
	f := cmd.Flags()
	if f.Lookup(anywhereFlag) == nil {
		return p, nil
	}
	p.Address, _ = f.GetString(listenFlag) // addPage has added them
	p.Anywhere, _ = f.GetBool(anywhereFlag)
	p.TokenFile, _ = f.GetString(tokensFlag)
	if err := p.Check(); err != nil {
		return p, config.Usagef("--%s %s: %v", listenFlag, p.Address, err)
	}
	return p, nil
}
