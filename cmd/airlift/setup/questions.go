package setup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"airlift/cmd/airlift/config"
	"airlift/manifest/entry"
	"airlift/ratelimit/schedule"
	"airlift/worker/air"
)

// question asks for one setting.
type question struct {
	flag, text string
	// standard returns the default, "" for none. Of an optional setting an empty answer is one.
	standard func(s *session) string
	optional bool
	// check says what is wrong with an answer, or may be; nil: nothing can be.
	check func(ctx context.Context, s *session, answer string) objection
}

// objection is what a check found. An answer of which it is certain that it is wrong is refused; else the user decides.
type objection struct {
	text   string // with what to do; "": the answer is good
	refuse bool
}

func refuse(format string, args ...any) objection {
	return objection{fmt.Sprintf(format, args...), true}
}
func doubt(format string, args ...any) objection {
	return objection{fmt.Sprintf(format, args...), false}
}

// nothing is the answer that leaves a setting out.
const nothing = "-"

// questions are in the order in which they are asked.
var questions = []question{
	{flag: "air-url", text: "The base URL of your AiR, such as https://air.example.com", check: checkURL},
	{flag: "profile", text: "The profile of the AWS shared files with the keys, or - for WASABI_ACCESS_KEY and WASABI_SECRET_KEY in the environment",
		standard: (*session).usualProfile, optional: true, check: checkProfile},
	{flag: "source-region", text: "The region of the buckets that are read", standard: func(*session) string { return "us-east-1" }, check: checkRegion},
	{flag: "services", text: "The services of each job: " + strings.Join(entry.KnownServices(), ", ") + "; several with commas", check: checkServices},
	{flag: "destination-bucket", text: "The bucket that AiR writes its results to", check: checkBucket},
	{flag: "destination-region", text: "The region of that bucket", standard: func(s *session) string { return s.answers["source-region"] }, check: checkRegion},
	{flag: "rate", text: "How many requests a second AiR gets at most", standard: func(*session) string { return "5/s" }, check: checkRate},
	{flag: "queue", text: "The file of the queue, on a local disk that survives a reboot", standard: func(s *session) string { return s.Queue }, check: checkQueue},
}

// looksLikeKey matches access keys and secret keys, as AWS and Wasabi make them.
var looksLikeKey = regexp.MustCompile(`^(AKIA|ASIA|[A-Z0-9]{20}$)|^[A-Za-z0-9/+]{40}$`)

// checkNoKey refuses an answer that is a key by mistake.
func checkNoKey(flag, answer string, env config.Env) objection {
	hide := env.Hider(config.Keys{})
	if looksLikeKey.MatchString(answer) || hide.Replace(answer) != answer {
		return refuse("that looks like a key; keys do not belong into --%s or the config file: put them into the AWS shared files (~/.aws/credentials) or the environment", flag)
	}
	if strings.ContainsFunc(answer, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return refuse("it has a control character: leave it out")
	}
	return objection{}
}

func checkURL(ctx context.Context, s *session, answer string) objection {
	// The client of a run checks the form; the keys are of no use here.
	if _, err := air.New(air.Config{BaseURL: answer, Credentials: air.NewCredentials("x", "x")}); err != nil {
		return refuse("%v", err)
	}
	return s.reach(ctx, answer)
}

// usualProfile returns the profile that the keys come from without --profile.
func (s *session) usualProfile() string {
	keys, err := s.Env.Keys("")
	if name := keys.Profile(); err == nil && name != "" {
		return name
	}
	return nothing
}

func checkProfile(_ context.Context, s *session, answer string) objection {
	keys, err := s.Env.Keys(strings.TrimPrefix(answer, nothing))
	switch {
	case err == nil && keys.Token != "":
		return doubt("%s holds temporary keys, which AiR does not take: name a profile with long-lived ones", keys.Place())
	case errors.Is(err, config.ErrNoKeys):
		return doubt("there are no keys in the environment yet: set WASABI_ACCESS_KEY and WASABI_SECRET_KEY before a run")
	case errors.Is(err, config.ErrNoProfile):
		return doubt("there is no profile %q in the AWS shared files yet: `aws configure --profile %s` makes one", answer, config.Quote(answer))
	case err != nil:
		return doubt("%v", err)
	}
	return objection{}
}

func checkRegion(_ context.Context, _ *session, answer string) objection {
	if !entry.IsRegion(answer) {
		return refuse("%q is no region: write one such as us-east-1 or eu-central-1", answer)
	}
	return objection{}
}

func checkServices(_ context.Context, _ *session, answer string) objection {
	text := answer
	if path, isFile := strings.CutPrefix(answer, "@"); isFile {
		content, err := config.ReadSmall(path)
		if err != nil {
			return refuse("%v: name a file with the JSON object of the services", err)
		}
		text = string(content)
	}
	services, err := entry.ParseServices(text)
	if err != nil {
		return refuse("%v", err)
	}
	if unknown := entry.UnknownServices(services); len(unknown) > 0 {
		known := "AiR may have it all the same"
		if near, ok := config.Nearest(unknown[0], entry.KnownServices()); ok {
			known = "the nearest that it knows is " + near
		}
		return doubt("%q is no service that airlift knows; %s", unknown[0], known)
	}
	return objection{}
}

func checkBucket(_ context.Context, _ *session, answer string) objection {
	if err := entry.CheckBucket(answer); err != nil {
		return refuse("%v", err)
	}
	return objection{}
}

func checkRate(_ context.Context, _ *session, answer string) objection {
	if _, err := schedule.Parse(schedule.Config{Rate: answer}); err != nil {
		return refuse("%v", err)
	}
	return objection{}
}

func checkQueue(_ context.Context, _ *session, answer string) objection {
	if !filepath.IsAbs(answer) {
		return refuse("%q depends on the working directory: write an absolute path", answer)
	}
	return objection{}
}
