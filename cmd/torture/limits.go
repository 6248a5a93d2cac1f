package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// The account of the other batch, if it is not that of the round, and its keys.
const (
	secondAccount   = "second"
	secondAccessKey = "AKIAIRLIFTTORTURE002"
	secondSecretKey = "sEcrEt/airlift/torture/second+9876543210"
)

// limits are the limits of a round that airlift itself keeps, and those of AiR that last a month.
type limits struct {
	// Canary is the size of the sample of the round's batch, of which MayFail items may fail; 0: none.
	Canary, MayFail int
	// MaxOpen is how many jobs may be unfinished at AiR, where each takes Lifecycle; 0: any number.
	MaxOpen   int
	Lifecycle time.Duration
	MaxRate   string   // of a rate that is found; empty: it is not
	Hours     []string // windows, one of which is always open
	// Own is a limit of ours, of the day or the month, as OwnFlag says. Once it is met the rig lifts it. 0: none.
	Own     int
	OwnFlag string
	// Quota is AiR's monthly quota, which a run waits out. Once it is met the rig lifts it. 0: none.
	Quota int
	// Second gives the other batch an account of its own, which SecondQuota, if not 0, stops until the rig lifts it.
	Second      bool
	SecondQuota int
	// Notify tells a receiver that lets the first Hang deliveries hang, and Hook a command.
	Notify, Hook bool
	Hang         int
}

// limits draws what limits a round; in half of the rounds nothing. Its dice are its own.
func (d dice) limits(p *plan) {
	if d.once(2) {
		return
	}
	l := &p.limits
	if d.once(3) {
		l.Canary, l.MayFail = d.between(1, 20), pick(d, 0, 1, 20)
	}
	if d.once(3) {
		l.MaxOpen = d.between(5, 60)
		p.Objects = min(p.Objects, 6*l.MaxOpen)
	}
	if l.Canary+l.MaxOpen > 0 {
		l.Lifecycle = d.within(300*time.Millisecond, 900*time.Millisecond)
		p.Forget = false // what is awaited goes on being listed
		p.List.P = min(p.List.P, 0.05)
	}
	switch d.IntN(5) {
	case 0: // it takes a quarter of a minute to be found
		p.Rate, l.MaxRate, p.Objects = "auto", pick(d, "30/s", "200/s"), min(p.Objects, 60)
		p.Post.P, p.List.P = min(p.Post.P, 0.04), min(p.List.P, 0.02)
	case 1:
		p.Rate = pick(d, "Mon-Fri 00:00 300/s, 12:00 200/s, Sat 150/s", "00:00 unlimited, 12:00 500/s")
	}
	if d.once(4) {
		l.Hours = pick(d, []string{"00:00-24:00"}, []string{"00:00-12:00", "12:00-24:00"})
	}
	if p.MidnightIn == 0 && d.once(3) {
		l.Own, l.OwnFlag, p.ExitOnCap = d.between(1, p.Objects), pick(d, "--daily-limit", "--monthly-limit"), true
	}
	if p.MidnightIn == 0 && p.Day == 0 && d.once(4) {
		l.Quota = d.between(1, p.Objects)
	}
	if d.once(3) {
		l.Second, p.Other = true, max(p.Other, d.between(3, 40))
		l.SecondQuota = pick(d, 0, d.between(1, p.Other))
	}
	if l.Notify, l.Hook = d.once(4), d.once(4); l.Notify {
		l.Hang = d.IntN(3)
	}
}

// kinds returns what limits a round, by name.
func (l limits) kinds() (kinds []string) {
	for i, is := range []bool{
		l.Canary > 0, l.MaxOpen > 0, l.MaxRate != "", len(l.Hours) > 0, l.Own > 0, l.Quota > 0, l.Second, l.SecondQuota > 0, l.Notify, l.Hang > 0, l.Hook,
	} {
		if is {
			kinds = append(kinds, limitKinds[i])
		}
	}
	return kinds
}

var limitKinds = []string{"sample", "open jobs", "found rate", "windows", "own limit", "quota waited for", "second account", "stopped by its quota",
	"notified", "by one that hangs", "hook"}

// limitFlags returns the flags of all commands that send.
func (r *round) limitFlags() []string {
	l := r.plan.limits
	var flags []string
	add := func(is bool, more ...string) {
		if is {
			flags = append(flags, more...)
		}
	}
	add(l.MaxOpen > 0, "--max-open", strconv.Itoa(l.MaxOpen))
	add(l.MaxRate != "", "--max-rate", l.MaxRate)
	for _, hours := range l.Hours {
		add(true, "--window", hours)
	}
	add(l.Own > 0, l.OwnFlag, strconv.Itoa(l.Own))
	add(l.Quota > 0, "--on-monthly-quota", "wait")
	add(l.Notify, "--notify", r.limits.receiver)
	add(l.Hook, "--hook", "{ cat; env; } >> "+filepath.Join(r.dir, hooked))
	return flags
}

// lifted returns a command without our own limit, once that is lifted.
func (r *round) lifted(args []string) []string {
	if i := slices.Index(args, r.plan.OwnFlag); i >= 0 && r.limits.ownLifted.Load() {
		return slices.Delete(slices.Clone(args), i, i+2)
	}
	return args
}

// sampleFlags returns those of commands that may ask for a sample of the round's batch.
func (l limits) sampleFlags() []string {
	if l.Canary == 0 {
		return nil
	}
	return []string{"--canary", strconv.Itoa(l.Canary), "--canary-max-failed", strconv.Itoa(l.MayFail)}
}

// account returns the flag of the commands that make the other batch.
func (l limits) account() []string {
	if !l.Second {
		return nil
	}
	return []string{"--account", secondAccount}
}

// accountsTOML is the config file of a round with two accounts.
var accountsTOML = fmt.Sprintf("[account.%s]\naccess-key-env = \"SECOND_ACCESS_KEY\"\nsecret-key-env = \"SECOND_SECRET_KEY\"\n", secondAccount)
