package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"airlift/queue"
)

// filterFlags choose items of a batch.
type filterFlags struct{ state, code, key string }

// filter checks the flags.
func (f *filterFlags) filter() (queue.Filter, error) {
	out := queue.Filter{Code: f.code}
	if f.state != "" {
		s, err := queue.ParseState(f.state)
		if err != nil {
			return out, usagef("--state: %v", err)
		}
		out.State = s
	}
	if f.key != "" {
		if !doublestar.ValidatePattern(f.key) {
			return out, usagef("--key %q is no valid glob", f.key)
		}
		out.Key = func(key string) bool { return doublestar.MatchUnvalidated(f.key, key) }
	}
	return out, nil
}

// itemLine is a line of `items --json`.
type itemLine struct {
	Line       int64       `json:"line"`
	Bucket     string      `json:"bucket"`
	Key        string      `json:"key"`
	State      queue.State `json:"state"`
	JobID      string      `json:"job_id"`
	Name       string      `json:"name"`
	Attempts   int         `json:"attempts"`
	HTTPStatus int         `json:"http_status"`
	ErrorCode  string      `json:"error_code"`
	Error      string      `json:"error"`
}

func (a *app) itemsCommand() *cobra.Command {
	var f filterFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "items BATCH [flags]", Short: "List the items of a batch, one line each",
		Long:    "items lists the items of a batch in the order of the manifest: state, job id, bucket and key, and the error if there is one.\n" + exitCodesHelp,
		Example: "  airlift items archive-1a2b3c4d --state failed\n  airlift items archive-1a2b3c4d --json | jq .key",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.filter()
			if err != nil {
				return err
			}
			return a.withBatch(cmd.Context(), args[0], func(db store, b queue.Batch) error {
				w := bufio.NewWriter(a.out)
				e := json.NewEncoder(w)
				e.SetEscapeHTML(false)
				names, err := queue.NewNamer(b)
				if err != nil {
					return err
				}
				err = db.Entries(cmd.Context(), b.ID, filter, func(it *queue.Entry) error {
					if asJSON {
						return e.Encode(itemLine{it.Line, it.Bucket, it.Key, it.State, it.JobID, names.Name(&it.Item),
							it.Attempts, it.HTTPStatus, it.Code, it.Message})
					}
					_, err := fmt.Fprintf(w, "%-9s  %-32s  %s%s\n", it.State, it.JobID, quoted("s3://"+it.Bucket+"/"+it.Key), problem(it))
					return err
				})
				return errors.Join(err, w.Flush())
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.state, "state", "", "only items in this state")
	fl.StringVar(&f.code, "code", "", "only items whose last ErrorCode is this")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// quoted keeps a key that has control characters, or could be read as more than one column, on its line.
func quoted(key string) string {
	for _, r := range key {
		if r < 0x20 || r == 0x7f || r == '"' {
			return fmt.Sprintf("%q", key)
		}
	}
	return key
}

// problem tells of the last answer, if there is something to tell.
func problem(e *queue.Entry) string {
	if e.Code == "" && e.Message == "" || e.State == queue.Submitted {
		return ""
	}
	return fmt.Sprintf("  # %d %s %s", e.HTTPStatus, e.Code, e.Message)
}
