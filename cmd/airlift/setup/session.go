package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/term"
)

// Around is what the command finds when it runs.
type Around struct {
	Env config.Env
	// In is where answers come from, and Screen where questions go; Asks says that both are a terminal.
	In     io.Reader
	Screen io.Writer
	Asks   bool
	Out    io.Writer
	// Queue is the path of the queue by default.
	Queue string
	// Build is the version of airlift.
	Build string
}

// session is one run of the command.
type session struct {
	Around
	cmd     *cobra.Command
	yes     bool
	answers map[string]string
	lines   chan string // of In; closed at its end
}

// collect fills in the answers: what the command line or the environment gives, else what is asked, or with --yes the default.
func (s *session) collect(ctx context.Context) error {
	var wrong, missing []string
	for _, q := range questions {
		given, value := s.given(q)
		switch {
		case given:
		case s.Asks && !s.yes:
			if len(wrong) > 0 {
				break // which is said before anything is asked
			}
			if err := s.ask(ctx, q, value); err != nil {
				return err
			}
			continue
		case !s.yes || value == "":
			missing = append(missing, "--"+q.flag)
			continue
		}
		o := s.examine(ctx, q, value)
		switch {
		case o.refuse:
			wrong = append(wrong, fmt.Sprintf("--%s: %s", q.flag, o.text))
		case o.text != "":
			_, _ = term.Fprintf(s.Screen, "airlift: --%s: %s\n", q.flag, o.text)
		}
		s.answers[q.flag] = value
	}
	switch {
	case len(missing) == 0:
	case s.yes:
		wrong = append(wrong, "--yes cannot choose what has no default: give "+strings.Join(missing, ", ")+", as flags or AIRLIFT_ variables")
	default:
		wrong = append(wrong, "there is no terminal to ask on: give "+strings.Join(missing, ", ")+", as flags or AIRLIFT_ variables, or --yes, which takes the defaults where there are any")
	}
	if len(wrong) > 0 {
		return config.Usagef("%s", strings.Join(wrong, "\n"))
	}
	return ctx.Err()
}

// given returns the value that the command line or the environment gives a setting, else the default: what the config file
// has, or the usual one.
func (s *session) given(q question) (given bool, value string) {
	f := s.cmd.Flag(q.flag)
	value = f.Value.String()
	from := config.OriginOf(f)
	if value != "" && (from.CommandLine || from.Variable != "") {
		return true, value
	}
	if value == "" && q.standard != nil {
		value = q.standard(s)
	}
	return false, value
}

// examine checks an answer.
func (s *session) examine(ctx context.Context, q question, answer string) objection {
	if o := checkNoKey(q.flag, answer, s.Env); o.text != "" {
		return o
	}
	return q.check(ctx, s, answer)
}

// ask asks a question until an answer is good, or the user keeps it.
func (s *session) ask(ctx context.Context, q question, standard string) error {
	again := ""
	for {
		answer := again
		if again = ""; answer == "" {
			var err error
			if answer, err = s.prompt(ctx, q.text, standard); err != nil {
				return err
			}
		}
		if answer == "" {
			_, _ = fmt.Fprintln(s.Screen, "  this one has no default: an answer is needed (Ctrl-C ends)")
			continue
		}
		o := s.examine(ctx, q, answer)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if o.text == "" {
			s.answers[q.flag] = answer
			return nil
		}
		_, _ = term.Fprintf(s.Screen, "  %s\n", o.text)
		if o.refuse {
			continue
		}
		keep, err := s.prompt(ctx, "  Keep "+term.Text(answer)+" all the same? y, n, or another answer", "n")
		if err != nil {
			return err
		}
		if isYes(keep) {
			s.answers[q.flag] = answer
			return nil
		}
		if no := strings.ToLower(keep); no != "n" && no != "no" {
			again = keep
		}
	}
}

// errNoAnswer: the input ended.
var errNoAnswer = config.Usagef("the answers ended before the last question, and nothing was written: answer all, or give the settings as flags with --yes")

// prompt asks for a line; an empty one means the default.
func (s *session) prompt(ctx context.Context, text, standard string) (string, error) {
	if standard != "" {
		text += " [" + standard + "]"
	}
	_, _ = term.Fprintf(s.Screen, "%s: ", text)
	if s.lines == nil {
		s.lines = make(chan string)
		go s.read(s.lines) // left behind in a read that nothing ends; the command ends soon
	}
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(s.Screen)
		return "", context.Cause(ctx)
	case line, more := <-s.lines:
		if !more {
			_, _ = fmt.Fprintln(s.Screen)
			return "", errors.Join(context.Cause(ctx), errNoAnswer)
		}
		if line = strings.TrimSpace(line); line == "" {
			line = standard
		}
		return line, nil
	}
}

// read sends the lines of the input.
func (s *session) read(to chan<- string) {
	defer close(to)
	for r := bufio.NewReader(s.In); ; {
		line, err := r.ReadString('\n')
		if err != nil && line == "" {
			return
		}
		to <- line
	}
}

func isYes(answer string) bool {
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
}
