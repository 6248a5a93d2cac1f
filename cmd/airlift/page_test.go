//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// browser starts a browser with a tab. Without one the test is skipped.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium here: apt-get install chromium")
	}
	all, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)...)
	t.Cleanup(end)
	ctx, endTab := chromedp.NewContext(all)
	t.Cleanup(endTab)
	if err := chromedp.Do(ctx); err != nil { // without a deadline: that of the first call ends the browser
		t.Fatal(err)
	}
	return ctx
}

// page is a page of a run, in a browser.
type page struct {
	t   *testing.T
	ctx context.Context
	// read and act are its links.
	read, act string
}

// links waits for a page that a process serves, and returns its links.
func (p *process) links() (read, act string) {
	p.r.t.Helper()
	where := regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+/)`)
	var found []string
	eventually(p.r.t, "the address of the page", func() bool {
		found = where.FindStringSubmatch(p.err.String())
		return found != nil
	})
	link := func(right string) string {
		token := strings.TrimSpace(readFile(p.r.t, p.r.queue+".token."+right))
		if strings.Contains(p.err.String(), token) {
			p.r.t.Errorf("the log shows a token: %s", p.err.String())
		}
		return found[1] + "#token=" + token
	}
	return link("read"), link("act")
}

// open opens the page of a process in a browser.
func (p *process) open(t *testing.T) *page {
	t.Helper()
	o := &page{t: t, ctx: browser(t)}
	o.read, o.act = p.links()
	return o
}

// goTo opens a link, in a tab that has forgotten the one before.
func (p *page) goTo(link string) {
	p.t.Helper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate(link))
}

// do carries out actions.
func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// text returns the value of an expression of the page as text.
func (p *page) text(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// until waits until an expression of the page is true; one that fails is not.
func (p *page) until(expression string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[bool]("(() => { try { return !!("+expression+"); } catch { return false; } })()", chromedp.WithPollingTimeout(patience))); err != nil {
		p.t.Fatalf("waited in vain for %s: %v\n%s", expression, err, p.text("document.body.innerText"))
	}
}

// steer presses a button that asks, and says yes.
func (p *page) steer(button string) {
	p.t.Helper()
	p.do(chromedp.Click(button), chromedp.WaitVisible("#ask"), chromedp.Click("#yes"))
}

// The numbers of the page are those of the status. A token to read shows no buttons, and a pause by button stops the requests
// at once until it is resumed.
func TestThePageShowsAndSteersARun(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: failPosts("clip-00003", airtest.Fault{Kind: airtest.Reject400})})
	run := r.start("run", r.manifest("big.csv", 5000), "--batch", "big", "--rate", "50/s", "--listen", "127.0.0.1:0")
	p := run.open(t)
	p.goTo(p.read)
	p.until(`document.querySelector("#batches tbody tr")`)
	if p.text(`[...document.querySelectorAll(".act")].some((e) => e.offsetParent !== null)`) != "false" {
		t.Error("a token to read shows buttons")
	}
	p.goTo(p.act)
	p.until(`document.body.classList.contains("acts")`)
	eventually(t, "a failed item", func() bool { return r.statuses()["big"].Failed == 1 })

	p.steer("#pause")
	p.until(`document.querySelector("#gate").textContent.startsWith("paused")`)
	time.Sleep(time.Second) // what was on its way
	posts := r.air.Posts()
	time.Sleep(time.Second)
	if now := r.air.Posts(); now != posts {
		t.Errorf("%d POSTs after the pause", now-posts)
	}
	s := r.statuses()["big"]
	for name, want := range map[string]int64{
		"items": s.Items, "submitted": s.Submitted, "pending": s.Pending, "sending": s.Sending, "in_doubt": s.InDoubt, "failed": s.Failed, "cancelled": s.Cancelled,
	} {
		p.until(fmt.Sprintf(`document.querySelector("#batches [data-count=%s]").dataset.value === "%d"`, name, want))
	}
	p.until(fmt.Sprintf(`document.querySelector("#today").dataset.value === "%d"`, s.Submitted))

	// One click from an error to its rows, and to the story of one.
	p.do(chromedp.Click("#errors tbody button"))
	p.until(`document.querySelectorAll("#items tbody tr").length === 1 && location.search.includes("state=failed")`)
	p.do(chromedp.Click("#items tbody button"))
	p.until(`document.querySelector("#story dd")?.textContent === "archive/reel/clip-00003.mov"`)
	p.until(`document.querySelectorAll("#story tr").length === 2`)
	p.do(chromedp.Click("#retry"))
	p.until(`document.querySelector("#question").textContent === "Retry 1 item of big?"`)
	p.do(chromedp.Click("#yes"))
	eventually(t, "the failed item is pending", func() bool { return r.statuses()["big"].Failed == 0 })

	p.steer("#resume")
	eventually(t, "requests go on", func() bool { return r.air.Posts() > posts })
	r.oneJobEach()
}

// A key and a message of AiR that are made of markup are shown as they are, and do nothing.
func TestThePageShowsMarkupAsText(t *testing.T) {
	t.Parallel()
	const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	r := newRig(t, airtest.Config{Script: failPosts("img", airtest.Fault{Kind: airtest.Reject400})})
	var rest strings.Builder // so that the run outlives the test
	for i := range 200 {
		fmt.Fprintf(&rest, "archive,%d.mov\n", i)
	}
	key := strings.ReplaceAll(markup, `"`, `""`)
	run := r.start("run", r.file("m.csv", "bucket,key\narchive,\""+key+"\"\n"+rest.String()), "--batch", "<b>bold</b>", "--rate", "1/s",
		"--listen", "127.0.0.1:0", "--max-failures", "off")
	p := run.open(t)
	p.goTo(p.read)
	p.until(`document.querySelector("#batches tbody button").textContent === "<b>bold</b>"`)
	p.until(`document.querySelector("#errors tbody tr")?.textContent.includes("<img src=x")`)
	p.do(chromedp.Click("#errors tbody button"))
	p.until(`document.querySelector("#items tbody button")?.textContent.includes("<script>document.title")`)
	p.do(chromedp.Click("#items tbody button"))
	p.until(`document.querySelector("#story dd")?.textContent.includes("<script>")`)
	if got := p.text(`document.title + document.querySelectorAll("img, main script, td b").length`); got != "airlift0" {
		t.Errorf("the title and the number of elements that come from a key: %s", got)
	}
}

// A token file that others can read is no reason to send nothing, and neither is an address that is taken.
func TestARunWithoutItsPageGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 3)
	open := r.file("tokens", "read "+strings.Repeat("r", 32))
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	r.run("run", m, "--listen", "127.0.0.1:0", "--listen-token-file", open).want(t, exit.OK).says(t, "the page of the queue is not served", "can be read by other users")
	taken := strings.TrimPrefix(r.url, "http://")
	r.run("run", m, "--listen", taken).want(t, exit.OK).says(t, "the page of the queue is not served", "address already in use")
	for _, address := range []string{"0.0.0.0:0", "10.1.2.3:80", "8321"} {
		r.run("run", m, "--listen", address).want(t, exit.Usage).says(t, "--listen "+address)
	}
	if left, _ := filepath.Glob(r.queue + ".token*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	r.settled(3)
}

// No token is among the events that a reader of the queue sees, and the files of the tokens go with the process.
func TestTokensStayWithTheirFiles(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(3))
	run := r.start("run", r.manifest("m.csv", 5), "--workers", "1", "--listen", "127.0.0.1:0")
	_, act := run.links()
	url, token, _ := strings.Cut(act, "#token=")
	await(t, h.posts.reached(3), "the run to be at work")
	for _, path := range []string{"v1/overview", "metrics", "v1/run", "v1/version"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(path, err, resp)
		}
		var b strings.Builder
		if err := resp.Write(&b); err != nil || strings.Contains(b.String(), token) || strings.Contains(b.String(), testSecretKey) {
			t.Errorf("%s has a token: %v", path, err)
		}
	}
	for name, content := range r.files() {
		if strings.Contains(content, token) && name != "queue.db.token.act" {
			t.Errorf("%s has the token", name)
		}
	}
	close(h.release)
	run.wait().want(t, exit.OK)
	if left, _ := filepath.Glob(r.queue + ".token*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}
