package main

import (
	"math/rand/v2"
	"net/http"
	"slices"

	"airlift/worker/air/airtest"
)

// mix is the faults of a method's requests: with probability P one of the kinds.
type mix struct {
	P     float64
	Kinds []airtest.Kind
}

func (m mix) has(k airtest.Kind) bool { return m.P > 0 && slices.Contains(m.Kinds, k) }

// without returns the mix without one of its kinds.
func (m mix) without(k airtest.Kind) mix {
	m.Kinds = slices.DeleteFunc(slices.Clone(m.Kinds), func(other airtest.Kind) bool { return other == k })
	if len(m.Kinds) == 0 {
		return mix{}
	}
	return m
}

// listFaults are the faults of a list: all that the sandbox draws at random, but for those of a job's id.
var listFaults = slices.DeleteFunc(airtest.Kinds(), func(k airtest.Kind) bool {
	return k == airtest.SameID || k == airtest.OddID
})

// lyingAnswers are answers that are not the answer to their request.
var lyingAnswers = []airtest.Kind{airtest.StrayAnswer, airtest.LateRepeat, airtest.WrongEcho, airtest.SameID, airtest.OddID}

// postFaults are the faults of a POST: all of those, and two whose status we choose.
var postFaults = append(airtest.Kinds(), airtest.StatusBefore, airtest.StatusAfter)

// mix draws all of the kinds, a few of them, or one.
func (d dice) mix(p float64, kinds []airtest.Kind) mix {
	kinds = slices.Clone(kinds)
	d.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	n := pick(d, len(kinds), len(kinds), d.between(2, 5), 1)
	if p == 0 {
		return mix{}
	}
	return mix{p, kinds[:n]}
}

// budgets bound the faults that cost a round much time or a further process: without one it might never end.
var budgets = map[airtest.Kind]int{
	airtest.Reject400: 8, airtest.Empty400: 6, airtest.Forbid403: 3, airtest.HTML403: 2, airtest.Access403: 2,
	airtest.Cap429: 3, airtest.HTML429: 2, airtest.Rate429: 2,
}

// statuses of StatusBefore and StatusAfter: outcomes that are unknown, and, only before, refusals of a job.
var (
	unknown = []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	refusal = []int{http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}
)

// fault draws the fault of the n-th request of a method.
func (p *plan) fault(q airtest.Request) airtest.Fault {
	m := p.List
	if q.Method == http.MethodPost {
		m = p.Post
	}
	d := dice{rand.New(rand.NewPCG(p.Seed^uint64(len(q.Method)), uint64(q.N)))}
	if d.Float64() >= m.P {
		return airtest.Fault{}
	}
	f := airtest.Fault{Kind: pick(d, m.Kinds...)}
	switch f.Kind {
	case airtest.Late: // from well before the timeout to after it
		f.Delay = d.within(p.Timeout/2, p.Late)
	case airtest.StatusAfter:
		f.Status = pick(d, unknown...)
	case airtest.StatusBefore:
		f.Status = pick(d, append(refusal, unknown...)...)
		f.Code, f.Message = "TORTURE", "the rig wants it so"
	}
	return f
}

// refuses reports whether a fault fails the item.
func refuses(f airtest.Fault) bool {
	return f.Kind == airtest.Reject400 || f.Kind == airtest.StatusBefore && slices.Contains(refusal, f.Status)
}

// noAPI reports whether a fault as a run's first answer, or three times in a row, looks like something that is no AiR API.
func noAPI(k airtest.Kind) bool {
	switch k {
	case airtest.HTML200Before, airtest.HTML200After, airtest.EmptyJSONBefore, airtest.EmptyJSONAfter, airtest.Empty400:
		return true
	}
	return false
}
