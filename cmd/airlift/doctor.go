package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/doctor"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/settings"
)

func (a *app) doctorCommand() *cobra.Command {
	var o flags.Doctor
	cmd := &cobra.Command{
		Use: "doctor [SOURCE...]", Short: "Check everything that a long run needs, before it",
		Long: `doctor takes the command line of a run and checks what would end or spoil that run: settings and
credentials, AiR, the first rows of the sources and one object, the destination bucket, the clock, proxy,
queue, disk and limits. Each check is a line: ok, not ok or cannot tell, with what to do. It sends no job,
and writes nothing but a temporary file beside the queue. See also ` + "`airlift help settings`" + `.

Exit codes:
  0  all is ok
  2  something is not ok
  4  of something nothing can be told, for want of rights for example; all else is ok
  5  ended by a signal`,
		Example: `  airlift doctor
  airlift doctor archive.csv --rate 20/s --daily-limit 50000
  airlift doctor s3://archive/2024/ --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var all []doctor.Finding
			abandoned, err := within(cmd.Context(), func() error {
				all = doctor.Examine(cmd.Context(), o.Subject(cmd.Context(), a.flags(), args, a.subject(cmd)))
				return context.Cause(cmd.Context())
			})
			if abandoned || err != nil {
				return err
			}
			return doctor.Print(a.out, all, o.JSON())
		},
	}
	settings.Tolerate(cmd)
	o.Add(cmd)
	return cmd
}

// subject returns what doctor examines, as far as this process knows it.
func (a *app) subject(cmd *cobra.Command) doctor.Subject {
	s := doctor.Subject{Queue: a.queuePath(), Build: versionText()}
	s.ConfigFile, _ = a.env().Path(cmd)
	s.RuntimeDir, _ = a.getenv("XDG_RUNTIME_DIR")
	_, s.QueueErr = a.locateQueue()
	if a.wrong != nil {
		s.Wrong = strings.Split(a.wrong.Error(), "\n")
	}
	s.Wrong = append(s.Wrong, a.env().VariableProblems(cmd)...)
	return s
}
