package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"airlift/manifest"
	"airlift/manifest/s3scan"
	"airlift/ratelimit"
)

// scanFlags say how buckets are listed; they do not change what is found.
type scanFlags struct {
	workers int
	rate    string
}

func (s *scanFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&s.workers, "scan-workers", s3scan.DefaultWorkers, "how many requests of a scan may be under way at once")
	f.StringVar(&s.rate, "scan-rate", "unlimited", "requests of a scan, 1,000 objects each: N/s, N/m, N/h or unlimited")
}

// config checks the flags. With --limit one worker lists, for the first objects in the order of keys are wanted.
func (s *scanFlags) config(c choice) (s3scan.Config, error) {
	out := s3scan.Config{Workers: s.workers}
	if most := 256; s.workers < 1 || s.workers > most {
		return out, usagef("--scan-workers %d: use 1 to %d", s.workers, most)
	}
	rate, err := ratelimit.ParseRate(s.rate)
	if err != nil {
		return out, usagef("--scan-rate: %v", err)
	}
	if rate != ratelimit.Unlimited {
		out.Rate = rate
	}
	if c.limit > 0 {
		out.Workers = 1
	}
	return out, nil
}

// fingerprint tells readings apart that would not find the same: by their sources, in order, where those lie, and all
// that chooses among their rows.
func (s *sourceFlags) fingerprint(list []manifest.Source, j *jobFlags) string {
	h := sha256.New()
	for _, src := range list {
		fmt.Fprintf(h, "%q ", src.Canonical())
	}
	chosen := *s
	chosen.listing, chosen.allowEmpty = scanFlags{}, false
	fmt.Fprintf(h, "%q %q %+v", j.sourceEndpoint, j.sourceRegion, chosen)
	for _, path := range slices.Concat(s.patterns.IncludeFrom, s.patterns.ExcludeFrom, s.patterns.FilterFrom) {
		globs, _ := os.ReadFile(path) // it was read a moment ago
		fmt.Fprintf(h, " %q", globs)
	}
	return hex.EncodeToString(h.Sum(nil))
}
