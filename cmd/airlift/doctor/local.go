package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"airlift/cmd/airlift/config"
	"airlift/worker/joblist"
)

// settings tells what is wrong with the settings.
func (e *exam) settings(context.Context) Finding {
	if len(e.Wrong) > 0 {
		return notOK("mend them; `airlift config show` tells where each value comes from", "%s", strings.Join(e.Wrong, "; "))
	}
	if _, err := os.Stat(e.ConfigFile); err != nil {
		return ok("no config file; flags and variables make sense")
	}
	return ok("%s, flags and variables make sense", e.ConfigFile)
}

// credentials tells which keys are used, and whether AiR can take them.
func (e *exam) credentials(context.Context) Finding {
	switch {
	case e.KeysErr == config.ErrNoKeys:
		return notOK("set WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile", "there are none in the environment, and no default profile in the AWS shared files")
	case e.KeysErr != nil:
		return notOK("mend what is said, or name another profile", "%v", e.KeysErr)
	case e.Keys.Token != "":
		return notOK("give long-lived keys by --profile or WASABI_ACCESS_KEY and WASABI_SECRET_KEY",
			"%s holds temporary keys (with a session token), which AiR does not take and which expire", e.Keys.Place())
	}
	return ok("%s, access key %s", e.Keys.Place(), e.Keys.MaskedAccess())
}

// keyFiles tells files of credentials that others can read.
func (e *exam) keyFiles(context.Context) Finding {
	if open := e.Env.ReadableByOthers(); len(open) > 0 {
		var words []string
		for _, path := range open {
			words = append(words, config.Quote(path))
		}
		return notOK("`chmod 600 "+strings.Join(words, " ")+"`", "other users of this machine can read %s", strings.Join(open, " and "))
	}
	return ok("no other user can read the AWS shared files")
}

// spareFiles are the open files that a run has beside its connections: the queue, its lock and socket, the sources, logs,
// the connections of other commands.
const spareFiles = 64

// openFiles compares the limit of open files with the connections that a run may have.
func (e *exam) openFiles(context.Context) Finding {
	need := uint64(e.Workers + joblist.LookupsAtOnce + spareFiles)
	if e.Sources != nil && e.Sources.OnS3() {
		need += uint64(e.ScanWorkers)
	}
	return judgeOpenFiles(openFileLimit(), need)
}

// judgeOpenFiles judges a limit of open files; 0: there is none, or it is not known.
func judgeOpenFiles(limit, need uint64) Finding {
	switch {
	case limit == 0:
		return ok("no limit")
	case limit < need:
		return notOK(fmt.Sprintf("`ulimit -n %d` before the run (LimitNOFILE= in a systemd unit), or fewer --workers", need),
			"at most %d, and so many workers may need %d", limit, need)
	}
	return ok("at most %d, of which a run needs about %d", limit, need)
}

// timeZones tells whether the names of time zones are known.
func (e *exam) timeZones(context.Context) Finding {
	tz, _ := e.Env.Lookup("TZ")
	for _, name := range []string{strings.TrimPrefix(tz, ":"), "America/New_York"} {
		if strings.HasPrefix(name, "/") {
			continue // a file, which the system has read or not
		}
		if _, err := time.LoadLocation(name); err != nil {
			return notOK("install the time zone database (package tzdata), or mend TZ", "the time zone %q is not known here, so local times are taken for UTC", name)
		}
	}
	return ok("known; local times are in %s", time.Now().Format("MST (-07:00)"))
}
