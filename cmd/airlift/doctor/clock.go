package doctor

import (
	"context"
	"fmt"
	"time"
)

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

const setClock = "set the clock of this machine, and keep it right: `timedatectl set-ntp true`"

// judgeClocks says which of three clocks is off.
func judgeClocks(c clocks) Finding {
	a, s := c[airClock], c[s3Clock]
	switch {
	case a.seen && s.seen:
		return judgeBoth(a.ahead, s.ahead)
	case a.seen:
		return judgeOne("AiR's", "--air-url", a.ahead)
	case s.seen:
		return judgeOne("S3's", "--source-endpoint", s.ahead)
	}
	return cannotTell("see to AiR and S3 first", "no server told its time")
}

// isOff reports whether a clock is further from another than it should be.
func isOff(by time.Duration) bool { return by.Abs() > maxClockOffset }

// judgeOne judges our clock by one other.
func judgeOne(whose, flag string, ahead time.Duration) Finding {
	if isOff(ahead) {
		return notOK(setClock+", or see what answers at "+flag, "this machine's is %s %s; which is off cannot be told without a third", behind(ahead), whose)
	}
	return ok("this machine's agrees with %s", whose)
}

// judgeBoth judges three clocks: of two that agree the third is off.
func judgeBoth(air, s3 time.Duration) Finding {
	const proxy = ", such as a proxy with a wrong clock"
	switch {
	case !isOff(air) && !isOff(s3):
		return ok("this machine's agrees with AiR's and S3's")
	case !isOff(s3):
		return notOK("see what answers at --air-url"+proxy+"; days are counted by AiR's clock", "AiR's is off: this machine's agrees with S3's, and is %s AiR's", behind(air))
	case !isOff(air):
		return notOK("see what answers at --source-endpoint"+proxy, "S3's is off: this machine's agrees with AiR's, and is %s S3's", behind(s3))
	case !isOff(air - s3):
		return notOK(setClock, "this machine's is %s AiR's and S3's", behind(air))
	}
	return notOK(setClock, "this machine's is %s AiR's and %s S3's, which differ as well", behind(air), behind(s3))
}

// behind says how our clock stands to one that is ahead by so much.
func behind(ahead time.Duration) string {
	if ahead < 0 {
		return fmt.Sprintf("%v ahead of", ahead.Abs().Round(time.Second))
	}
	return fmt.Sprintf("%v behind", ahead.Round(time.Second))
}
