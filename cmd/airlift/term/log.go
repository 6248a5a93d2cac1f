package term

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	xterm "golang.org/x/term"
)

// IsTerminal reports whether a writer or reader is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && xterm.IsTerminal(int(f.Fd()))
}

// ConsoleLog returns a writer of logs for people. It escapes each text by itself, so that colors are kept.
func ConsoleLog(w io.Writer, colors bool) io.Writer {
	colors = colors && os.Getenv("NO_COLOR") == ""
	escaped := func(v any) string { return Text(fmt.Sprintf("%s", v)) }
	return zerolog.ConsoleWriter{
		Out: w, NoColor: !colors, TimeFormat: time.DateTime, TimeLocation: time.UTC,
		FormatPrepare: func(event map[string]any) error {
			if text, ok := event[zerolog.MessageFieldName].(string); ok {
				event[zerolog.MessageFieldName] = Text(text)
			}
			return nil
		},
		FormatFieldValue: escaped,
		FormatErrFieldValue: func(v any) string {
			if !colors {
				return escaped(v)
			}
			return "\x1b[31m" + escaped(v) + "\x1b[0m" // red, as zerolog has it
		},
	}
}
