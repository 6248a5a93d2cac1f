package doctor

import (
	"cmp"
	"context"
	"errors"
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
