package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// The access keys of three accounts at one URL.
const (
	archiveKey = "AKIAARCHIVE"
	newsKey    = "AKIANEWS"
	oldKey     = "AKIAOLD"
)

// newAccountsRig is a rig with the accounts archive, news and old, and no settings of the default account. Each has a batch of n
// items that is named like it.
func newAccountsRig(t *testing.T, n int, c airtest.Config) *rig {
	t.Helper()
	if c.Accounts == nil {
		c.Accounts = map[string]airtest.Account{}
	}
	r := newRig(t, c)
	r.setenv("AIRLIFT_AIR_URL", "")
	r.setenv("WASABI_ACCESS_KEY", "")
	r.setenv("WASABI_SECRET_KEY", "")
	r.setenv("NEWS_ACCESS", newsKey)
	r.setenv("NEWS_SECRET", testSecretKey)
	r.file("access", archiveKey+"\n")
	r.file("secret", testSecretKey)
	r.file("aws", "[old]\naws_access_key_id = "+oldKey+"\naws_secret_access_key = "+testSecretKey+"\n")
	r.setenv("AWS_SHARED_CREDENTIALS_FILE", r.dir+"/aws")
	r.config(fmt.Sprintf(`air-url = %q
[account.archive]
access-key-file = "%[2]s/access"
secret_key_file = "%[2]s/secret"
workers = 2
[account.news]
access-key-env = "NEWS_ACCESS"
secret-key-env = "NEWS_SECRET"
[account.old]
profile = "old"
`, r.url, r.dir))
	for _, name := range []string{"archive", "news", "old"} {
		text := "bucket,key\n"
		for i := range n {
			text += fmt.Sprintf("%s,reel/%03d.mov\n", name, i)
		}
		r.run("enqueue", r.file(name+".csv", text), "--batch", name, "--account", name).want(t, exit.OK)
	}
	return r
}

// oneJobFor fails the test unless AiR has n jobs of a batch, for as many objects.
func (r *rig) oneJobFor(batch string, n int) {
	r.t.Helper()
	objects := map[string]int{}
	for _, j := range r.air.Jobs() {
		if j.Batch == batch {
			objects[j.Source.ObjectKey]++
		}
	}
	for key, jobs := range objects {
		if jobs != 1 {
			r.t.Errorf("%s of batch %s has %d jobs", key, batch, jobs)
		}
	}
	if len(objects) != n {
		r.t.Errorf("%d objects of batch %s have jobs, want %d", len(objects), batch, n)
	}
}

// Several accounts at one URL are worked side by side: one waits for midnight, one is stopped by its monthly quota, and one has
// wrong keys. The process is killed in between. None holds another, the exit code is that of the gravest, and once all is mended
// the same command finishes.
func TestAccountsSideBySide(t *testing.T) {
	t.Parallel()
	const items, dailyCap, quota = 30, 20, 7
	posts, capped := &tally{}, &tally{}
	var r *rig
	r = newAccountsRig(t, items, airtest.Config{
		Settings: airtest.Settings{Accounts: map[string]airtest.Account{archiveKey: {DailyCap: dailyCap}, newsKey: {MonthlyQuota: quota}, oldKey: {Refused: true}}},
		OnRequest: func(q airtest.Request) {
			if isPost(q) {
				posts.add()
			}
		},
		OnAccept: func(j air.Job) {
			if j.Batch == "archive" && capped.add() == dailyCap {
				r.air.SetMidnightIn(3 * time.Second)
			}
		},
	})
	r.air.SetMidnightIn(4 * time.Minute)
	args := []string{"submit", "--grace", "100ms", "--rate", "20/s", "--workers", "2"}
	p := r.start(args...)
	await(t, posts.reached(quota+6), "some POSTs")
	p.signal(syscall.SIGKILL)
	p.wait()
	r.run(args...).want(t, exit.Credentials).says(t, "account archive: done", "account news: stopped by AiR", "account old: AiR refuses the credentials")
	r.oneJobFor("archive", items)
	r.oneJobFor("news", quota)
	r.oneJobFor("old", 0)
	days := map[string]int{}
	for _, j := range r.air.Jobs() {
		if j.Batch == "archive" {
			days[j.Created[:len(time.DateOnly)]]++
		}
	}
	if len(days) != 2 {
		t.Errorf("the jobs of a day are %v, want those of two", days)
	}
	for day, n := range days {
		if n > dailyCap {
			t.Errorf("%d jobs on %s, and the cap is %d", n, day, dailyCap)
		}
	}

	r.change(func(s *airtest.Settings) {
		s.Accounts = map[string]airtest.Account{archiveKey: {}, newsKey: {}, oldKey: {}}
	})
	r.run(args...).want(t, exit.OK)
	for _, name := range []string{"archive", "news", "old"} {
		r.oneJobFor(name, items)
	}
	r.run("check").want(t, exit.OK)
}

// A batch keeps its account, and what the config file cannot mean is said with its place.
func TestTheAccountOfABatchIsForGood(t *testing.T) {
	t.Parallel()
	r := newAccountsRig(t, 3, airtest.Config{Settings: airtest.Settings{Accounts: map[string]airtest.Account{archiveKey: {}, newsKey: {}}}})
	r.run("run", "news.csv", "--batch", "archive", "--account", "news").want(t, exit.Usage).says(t, `batch "archive" belongs to the account archive, and not to news`, "--account archive")
	r.run("submit", "archive", "--account", "news").want(t, exit.Usage).says(t, "belongs to the account archive")
	r.run("run", "news.csv", "--batch", "other", "--account", "new").want(t, exit.Usage).says(t, `no account "new"; is news meant?`, "archive, default, news, old")
	r.unsent()
	r.run("set", "--rate", "9/s").want(t, exit.Usage).says(t, "several accounts", "archive, news, old")
	r.run("set", "--rate", "9/s", "--account", "news").want(t, exit.OK).says(t, "rate 9/s")
	r.run("set", "--account", "archive").want(t, exit.OK).says(t, "nothing is set")
	r.run("pause", "--account", "newz").want(t, exit.Usage).says(t, "is news meant?")
	r.run("pause").want(t, exit.OK)
	r.run("resume", "--account", "archive").want(t, exit.OK)
	if s := r.statuses(); s["archive"].State != "idle" || s["news"].State != "paused" || s["old"].State != "paused" {
		t.Errorf("after the resume of one account of three that were paused: %+v", s)
	}
	r.run("resume").want(t, exit.OK)
	r.run("run", "archive.csv", "--batch", "archive").want(t, exit.OK) // the account is that of the batch
	r.run("submit", "--account", "news").want(t, exit.OK)
	r.oneJobFor("archive", 3)
	r.oneJobFor("news", 3)
	r.oneJobFor("old", 0)
}

func TestAccountTablesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI/K7MDENG"
	for name, c := range map[string]struct{ file, says string }{
		"a key in the file":      {"[account.a]\nsecret-key = \"" + secret + "\"\n", "keys do not belong in this file"},
		"an AWS key":             {"[account.a]\naws_secret_access_key = \"" + secret + "\"\n", "keys do not belong in this file"},
		"a key for a name":       {"[account.a]\naccess-key-env = \"" + secret + "\"\nsecret-key-env = \"" + secret + "\"\n", "the environment variable that access-key-env names is not set"},
		"a key for a file":       {"[account.a]\naccess-key-file = \"" + secret + "\"\nsecret-key-file = \"" + secret + "\"\n", "the file that access-key-file names cannot be read"},
		"half a pair":            {"[account.a]\naccess-key-env = \"A\"\n", "there are two keys"},
		"no keys":                {"[account.a]\nrate = \"1/s\"\n", "the credentials of the account a: name a profile"},
		"an unknown setting":     {"[account.a]\nworker = 3\n", `there is no setting "worker"; is workers meant?`},
		"one of the process":     {"[account.a]\nqueue = \"q.db\"\n", "queue is no setting of an account"},
		"one of jobs":            {"[account.a]\nservices = \"ocr\"\n", "services is no setting of an account"},
		"a value":                {"account = \"a\"\n", "account is a table for each account"},
		"the default account":    {"[account.default]\nrate = \"1/s\"\n", "those at the top level"},
		"a bad value":            {"[account.a]\nprofile = \"p\"\nworkers = \"many\"\n", "[account.a]: workers = \"many\""},
		"a table in the table":   {"[account.a.b]\nrate = \"1/s\"\n", "b is a table"},
		"a name that is no name": {"[account.\"a b\"]\nrate = \"1/s\"\n", "the name of an account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.config(c.file)
			got := r.run("run", r.manifest("m.csv", 1), "--account", "a").want(t, exit.Usage).says(t, c.says)
			if strings.Contains(got.stderr, secret) {
				t.Errorf("it shows what may be a key:\n%s", got.stderr)
			}
			r.unsent()
		})
	}
}
