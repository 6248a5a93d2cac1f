package tell

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/worker/service/notify"
)

// The flags for who is told of what happens.
const (
	notifyFlag = "notify"
	hookFlag   = "hook"
	secretFlag = "notify-secret-file"
)

// NotifySecret is the variable with the key that signs notifications; there is no flag for it, as others see command lines.
const NotifySecret = "AIRLIFT_NOTIFY_SECRET"

// AddFlags adds the flags for who is told of what happens.
func AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArray(notifyFlag, nil, "POST a signed JSON event to this URL when something needs you or is done; may be repeated; set it by AIRLIFT_NOTIFY or the config file, as others see command lines")
	f.StringArray(hookFlag, nil, "run this command by the shell with the event as JSON on its standard input; may be repeated")
	f.String(secretFlag, "", "a file with the key that signs what --notify sends (else "+NotifySecret+"; default: it is not signed)")
}

// notifyConfig returns who is told of what happens during a command; nobody for commands that have no such flags.
//
// Errors: usage errors.
func notifyConfig(cmd *cobra.Command, env config.Env) (c notify.Config, err error) {
	f := cmd.Flags()
	if f.Lookup(notifyFlag) == nil {
		return c, nil
	}
	c.URLs, _ = f.GetStringArray(notifyFlag) // AddFlags has added them
	c.Hooks, _ = f.GetStringArray(hookFlag)
	file, _ := f.GetString(secretFlag)
	if len(c.URLs)+len(c.Hooks) == 0 {
		return c, nil
	}
	if env.List != nil {
		c.Environ = env.List()
	}
	if secret, ok := env.Lookup(NotifySecret); ok {
		c.Secret = []byte(strings.TrimSpace(secret))
	}
	if file != "" {
		if c.Secret, err = config.ReadSmall(file); err != nil {
			return c, config.Usagef("--%s: %v", secretFlag, err)
		}
		if c.Secret = bytes.TrimSpace(c.Secret); len(c.Secret) == 0 {
			return c, config.Usagef("--%s: %s is empty: write the key into it", secretFlag, file)
		}
	}
	profile := ""
	if p := f.Lookup("profile"); p != nil {
		profile = p.Value.String()
	}
	keys, _ := env.Keys(profile) // texts of AiR lack them already; this is for all others
	c.Hide = env.Hider(keys).Replace
	return c, nil
}

// Reporter returns the reporter of a command; nil if nobody is to be told. It is named as agent, and names the path of the queue.
// No hook gets the secret variables of the environment.
//
// Errors: usage errors.
func Reporter(cmd *cobra.Command, env config.Env, agent, queue string, secret []string, log zerolog.Logger) (*notify.Reporter, error) {
	c, err := notifyConfig(cmd, env)
	if err != nil {
		return nil, err
	}
	c.Agent, c.Queue, c.Log = agent, queue, log
	c.Environ = slices.DeleteFunc(slices.Clone(c.Environ), func(one string) bool {
		name, _, _ := strings.Cut(one, "=")
		return slices.Contains(secret, name)
	})
	r, err := notify.NewReporter(c)
	if err != nil {
		return nil, config.Usagef("%v", err)
	}
	if onlyLooks(cmd) {
		r.Close()
		return nil, nil
	}
	return r, nil
}

// onlyLooks reports whether a command has the flags, and does nothing that others are to be told of.
func onlyLooks(cmd *cobra.Command) bool {
	dry := cmd.Flags().Lookup("dry-run")
	return cmd.Name() == "doctor" || dry != nil && dry.Value.String() == "true"
}
