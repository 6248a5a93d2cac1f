package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"airlift/worker/air"
	"airlift/worker/verdict"
)

// air asks AiR's list for one job.
func (e *exam) air(ctx context.Context) Finding {
	switch {
	case e.AirErr != nil:
		return notOK("set --air-url or AIRLIFT_AIR_URL to the base URL of your AiR", "%v", e.AirErr)
	case e.Client == nil:
		return cannotTell("see to the credentials first", "%s was not asked without keys", e.AirURL)
	}
	sent := time.Now()
	page, err := e.Client.List(ctx, air.ListQuery{PageSize: 1, Descending: true})
	ended := time.Now()
	date := page.Date
	if failed, is := errors.AsType[*air.Error](err); is {
		date = failed.Date
	}
	e.saw(airClock, date, sent, ended)
	return judgeAir(e.AirURL, err, ended.Sub(sent))
}

// judgeAir judges the answer to GET /jobs.
func judgeAir(url string, err error, took time.Duration) Finding {
	if err == nil {
		return ok("%s lists jobs for these keys, in %v; whether they may submit, only the first job shows", url, took.Round(time.Millisecond))
	}
	failed, is := errors.AsType[*air.Error](err)
	if !is {
		return cannotTell("try again", "%s: %v", url, err)
	}
	switch s := failed.Status; {
	case s == 0 && errors.Is(err, context.DeadlineExceeded):
		return cannotTell("try again; check the network and --air-url", "%s: %v", url, err)
	case s == 0:
		return notOK(cmp.Or(proxyAdvice(failed), "check --air-url, the network and the proxy"), "%s: %v", url, err)
	case s >= 200 && s < 300, s >= 300 && s < 400, s == 404:
		return notOK("set --air-url to the base URL of your AiR", "what answers at %s is no AiR: %v", url, err)
	case s == 401:
		return notOK("check the access key and the secret key", "%s: AiR does not take these keys: %v", url, err)
	case s == 403:
		return judgeForbidden(url, failed)
	case s == 408, s == 425, s == 429, s >= 500, air.IsThrottling(failed.Code):
		return cannotTell("try again later; a run waits and goes on by itself", "%s: %v", url, err)
	}
	return notOK("set --air-url to the base URL of your AiR", "%s: %v", url, err)
}

func proxyAdvice(e *air.Error) string {
	if e.Proxy == "" {
		return ""
	}
	return "check HTTPS_PROXY and NO_PROXY, and the proxy " + e.Proxy
}

// judgeForbidden judges a 403 as a run would judge it.
func judgeForbidden(url string, e *air.Error) Finding {
	o := air.Outcome{Status: e.Status, Code: e.Code, Message: e.Message, Foreign: e.Code == "" && e.Message == ""}
	switch verdict.Judge(o, true).Action {
	case verdict.StopForbidden:
		return notOK("ask who runs the proxy or firewall to let requests to AiR through", "%s: a 403 that is not AiR's: a proxy or firewall in between: %v", url, e)
	case verdict.StopAccess:
		if verdict.IsClockRefusal(o) {
			return notOK("set the clock of this machine, or give keys that have not expired", "%s: %v", url, e)
		}
		return notOK("ask for a policy that lets these keys list and submit jobs", "%s: AiR knows the keys, and refuses them access: %v", url, e)
	}
	return cannotTell("look at the quota in the Wasabi console; a run would stop with exit code 3", "%s: the monthly quota may be reached: %v", url, e)
}

// Clocks that are compared with ours.
const (
	airClock = iota
	s3Clock
)

// saw notes the Date header of an answer.
func (e *exam) saw(clock int, date, sent, ended time.Time) {
	if date.IsZero() {
		return
	}
	// The header has whole seconds, and the server wrote it at some time between sent and ended.
	least, most := date.Sub(ended), date.Add(time.Second).Sub(sent)
	off := max(least, min(0, most))
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := &e.clocks[clock]; !c.seen {
		c.seen, c.ahead = true, off
	}
}

// clocks are AiR's and S3's, beside ours.
type clocks [2]struct {
	seen  bool
	ahead time.Duration // of ours
}

// clock compares the clocks.
func (e *exam) clock(context.Context) Finding {
	e.mu.Lock()
	defer e.mu.Unlock()
	return judgeClocks(e.clocks)
}

// maxClockOffset is how far clocks may be apart. Signatures of S3 bear 15 minutes; daily caps turn at midnight.
const maxClockOffset = time.Minute

// judgeClocks says which of three clocks is off.
func judgeClocks(c clocks) Finding {
	const setClock = "set the clock of this machine, and keep it right: `timedatectl set-ntp true`"
	a, s := c[airClock], c[s3Clock]
	aOff, sOff := a.seen && a.ahead.Abs() > maxClockOffset, s.seen && s.ahead.Abs() > maxClockOffset
	switch {
	case !a.seen && !s.seen:
		return cannotTell("see to AiR and S3 first", "no server told its time")
	case !aOff && !sOff && a.seen && s.seen:
		return ok("this machine's agrees with AiR's and S3's")
	case !aOff && !sOff && a.seen:
		return ok("this machine's agrees with AiR's")
	case !aOff && !sOff:
		return ok("this machine's agrees with S3's")
	case aOff && sOff && (a.ahead-s.ahead).Abs() <= maxClockOffset:
		return notOK(setClock, "this machine's is %s AiR's and S3's", behind(a.ahead))
	case aOff && sOff:
		return notOK(setClock, "this machine's is %s AiR's and %s S3's, which differ as well", behind(a.ahead), behind(s.ahead))
	case aOff && s.seen:
		return notOK("see what answers at --air-url, such as a proxy with a wrong clock; days are counted by AiR's clock",
			"AiR's is off: this machine's agrees with S3's, and is %s AiR's", behind(a.ahead))
	case sOff && a.seen:
		return notOK("see what answers at --source-endpoint, such as a proxy with a wrong clock", "S3's is off: this machine's agrees with AiR's, and is %s S3's", behind(s.ahead))
	case aOff:
		return notOK(setClock+", or see what answers at --air-url", "this machine's is %s AiR's; which is off cannot be told without a third", behind(a.ahead))
	}
	return notOK(setClock, "this machine's is %s S3's; which is off cannot be told without a third", behind(s.ahead))
}

// behind says how our clock stands to one that is ahead by so much.
func behind(ahead time.Duration) string {
	if ahead < 0 {
		return fmt.Sprintf("%v ahead of", ahead.Abs().Round(time.Second))
	}
	return fmt.Sprintf("%v behind", ahead.Round(time.Second))
}
