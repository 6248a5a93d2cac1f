//go:build unix

package main

import (
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// begunAccounts is a rig of three accounts whose submit goes on: archive is sent slowly, AiR stops news by its quota, and
// refuses the keys of old.
func begunAccounts(t *testing.T) (*rig, *process) {
	t.Helper()
	posts := &tally{}
	r := newAccountsRig(t, 3000, airtest.Config{
		Settings: airtest.Settings{Accounts: map[string]airtest.Account{archiveKey: {}, newsKey: {MonthlyQuota: 7}, oldKey: {Refused: true}}},
		OnRequest: func(q airtest.Request) {
			if isPost(q) {
				posts.add()
			}
		},
	})
	p := r.start("submit", "--rate", "20/s", "--workers", "2", "--listen", "127.0.0.1:0")
	await(t, posts.reached(25), "some POSTs")
	return r, p
}

// watch --account shows one account, and what ended the work on it while others go on.
func TestWatchShowsOneAccount(t *testing.T) {
	t.Parallel()
	r, _ := begunAccounts(t)
	see := func(account string, has []string, lacks ...string) {
		t.Helper()
		p := r.start("watch", "--account", account)
		all := func() bool {
			for _, text := range has {
				if !strings.Contains(p.out.String(), text) {
					return false
				}
			}
			return true
		}
		eventually(t, fmt.Sprintf("%q of %s", has, account), all)
		for _, text := range lacks {
			if strings.Contains(p.out.String(), text) {
				t.Errorf("watch of %s shows %q:\n%s", account, text, p.out.String())
			}
		}
	}
	see("archive", []string{"20/s", "  archive: "}, "  news: ", "  old: ")
	see("news", []string{"stopped: ", "  news: ", "today 7 submitted"}, "  archive: ", "  old: ")
	see("old", []string{"stopped: AiR refuses the credentials", "  old: ", "today 0 submitted"}, "  archive: ", "  news: ")
	r.run("watch", "--account", "olt").want(t, exit.Usage).says(t, `no account "olt"; is old meant?`)
}

// A stop and refused keys are told at once, once each, while another account goes on; also by a rerun that meets them again.
func TestAStopIsToldWhileOthersGoOn(t *testing.T) {
	t.Parallel()
	r, p := begunAccounts(t)
	p.signal(syscall.SIGKILL)
	p.wait()
	to := r.newReceiver(nil)
	r.start("submit", "--rate", "20/s", "--workers", "2")
	eventually(t, "both are told", func() bool { return len(to.got()) >= 2 })
	posts := r.air.Posts()
	eventually(t, "five seconds of POSTs, in which it looks twice", func() bool { return r.air.Posts() >= posts+100 })
	told := map[string]int{}
	for _, e := range to.got() {
		told[string(e.Event.Event)+" "+e.Account]++
		if e.Reason == "" || !strings.Contains(e.NextStep, "airlift resume") {
			t.Errorf("told without reason or next step: %s", e.body)
		}
	}
	if want := map[string]int{"account_stopped news": 1, "account_stopped old": 1}; !maps.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// The page shows all accounts, and its buttons steer the chosen one alone.
func TestThePageShowsAndSteersAccounts(t *testing.T) {
	t.Parallel()
	r, run := begunAccounts(t)
	p := run.open(t)
	p.goTo(p.act)
	row := func(name string) string {
		return fmt.Sprintf(`document.querySelector("#accounts [data-account=%s]")`, name)
	}
	p.until(row("old") + `.textContent.includes("AiR refuses the credentials")`)
	p.until(row("news") + `.children[1].textContent === "stopped" && ` + row("news") + `.children[2].textContent === "7"`)
	p.until(row("archive") + `.children[1].textContent === "running" && ` + row("archive") + `.children[4].textContent !== ""`)

	p.choose("news")
	p.until(`document.querySelector("#gate").textContent === "stopped" && document.querySelector("#today").textContent === "7"`)
	p.choose("archive")
	p.until(`document.querySelector("#gate").textContent === "open" && document.querySelector("#limit").textContent.includes("20/s")`)
	p.steer("#pause")
	p.until(`document.querySelector("#gate").textContent.startsWith("paused")`)
	p.until(row("archive") + `.children[1].textContent === "paused"`)
	if s := r.statuses(); s["archive"].State != "paused" || s["old"].State == "paused" {
		t.Errorf("after the pause of archive alone: archive %s, old %s", s["archive"].State, s["old"].State)
	}
	p.steer("#resume")
	p.until(`document.querySelector("#gate").textContent === "open"`)

	r.change(func(s *airtest.Settings) {
		s.Accounts = map[string]airtest.Account{archiveKey: {}, newsKey: {}, oldKey: {Refused: true}}
	})
	p.choose("news")
	p.steer("#resume")
	p.until(row("news") + `.children[1].textContent === "running" && document.querySelector("#gate").textContent === "open"`)
	p.until(`Number(document.querySelector("#today").dataset.value) > 10`)
	if s := r.statuses(); s["old"].Submitted > 0 || s["news"].Submitted < 10 {
		t.Errorf("after the resume of news alone: %+v", s)
	}
}

// choose chooses an account on the page.
func (p *page) choose(account string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`(document.querySelector("#accounts [data-account=%s] button").click(), true)`, account))
}
