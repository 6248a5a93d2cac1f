package checkup

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/doctor"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/settings"
)

// Around is what the command finds when it runs.
type Around struct {
	Flags *flags.Context
	Out   io.Writer
	// Queue is the path of the queue; QueueErr says why it has none.
	Queue    string
	QueueErr error
	// Wrong is what is wrong with the settings.
	Wrong error
	// Build is the version of airlift.
	Build string
}

// Command returns `airlift doctor`.
func Command(around func() Around) *cobra.Command {
	var o flags.Doctor
	cmd := &cobra.Command{
		Use: "doctor [SOURCE...]", Short: "Check everything that a long run needs, before it",
		Long: `doctor takes the command line of a run and checks what would end or spoil that run: settings and
credentials, AiR, the first rows of the sources and one object, the destination bucket, the clock, proxy,
queue, disk and limits. Each check is a line: ok, not ok or cannot tell, with what to do. What says only how
to run (--canary, --replace, --dry-run, --detach) is taken and changes nothing. It sends no job, and writes
nothing but a temporary file beside the queue. See also ` + "`airlift help settings`" + `.

Exit codes:
  0  all is ok
  2  something is not ok
  4  of something nothing can be told, for want of rights for example; all else is ok
  5  ended by a signal`,
		Example: `  airlift doctor
  airlift doctor archive.csv --rate 20/s --daily-limit 50000
  airlift doctor s3://archive/2024/ --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, ctx := around(), cmd.Context()
			all := doctor.Examine(ctx, o.Subject(ctx, a.Flags, args, a.subject(cmd)))
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return doctor.Print(a.Out, all, o.JSON())
		},
	}
	settings.Tolerate(cmd)
	o.Add(cmd)
	return cmd
}

// subject returns what doctor examines, but for what the flags say.
func (a Around) subject(cmd *cobra.Command) doctor.Subject {
	s := doctor.Subject{Queue: a.Queue, QueueErr: a.QueueErr, Build: a.Build}
	s.ConfigFile, _ = a.Flags.Env.Path(cmd)
	s.RuntimeDir, _ = a.Flags.Env.Lookup("XDG_RUNTIME_DIR")
	if a.Wrong != nil {
		s.Wrong = strings.Split(a.Wrong.Error(), "\n")
	}
	s.Wrong = append(s.Wrong, a.Flags.Env.VariableProblems(cmd)...)
	return s
}
