package air_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"airlift/worker/air"
)

// holder has the credentials where fmt cannot call their methods.
type holder struct {
	hidden air.Credentials
	Shown  air.Credentials
	deep   *air.Config
	inner  struct{ config air.Config }
}

func TestCredentialsAreNeverShown(t *testing.T) {
	config := air.Config{BaseURL: "https://air.example", Credentials: keys}
	h := holder{hidden: keys, Shown: keys, deep: &config}
	h.inner.config = config
	client := newClient(t, config)
	used := answering(t, http.StatusOK, "application/json", `{}`)
	used.Submit(background(), someJob()) // its connection holds what it sent

	var out bytes.Buffer
	for _, v := range []any{keys, &keys, config, &config, h, &h, []air.Credentials{keys}, map[string]any{"k": keys}, client, *client, used, *used} {
		for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d", "p", "T", "t", "e", "U", "b", "c", "o", " x", "#x", "10.3s", "w", "!"} {
			fmt.Fprintf(&out, "%"+verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		fmt.Fprintln(&out, fmt.Errorf("wrapped: %w %v", errors.New("x"), v))
		func() {
			defer func() { fmt.Fprintln(&out, recover()) }()
			panic(v)
		}()
	}
	mustHideKeys(t, out.String())
	if got := keys.String(); got != "REDACTED" {
		t.Errorf("String: got %q, want REDACTED", got)
	}
}

func mustHideKeys(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{canaryAccess, canarySecret} {
		for _, form := range []string{s, fmt.Sprintf("%x", s), fmt.Sprintf("%X", s), fmt.Sprintf("% x", s)} {
			if strings.Contains(text, form) {
				t.Errorf("a key is shown (as %q)", form)
			}
		}
	}
}

// A server may send back what it was sent; nothing of it may reach a log.
func TestEchoedKeysAreHidden(t *testing.T) {
	long := strings.Repeat("x", 1010) + canarySecret
	tests := map[string]string{
		"in the message":      `{"Error":"key ` + canaryAccess + ` with ` + canarySecret + ` refused","ErrorCode":"` + canarySecret + `"}`,
		"across the cut":      `{"Error":"` + long + `"}`,
		"not a string":        `{"Error":{"k":"` + canarySecret + `"}}`,
		"escaped in the JSON": `{"Error":"` + strings.ReplaceAll(canarySecret, "/", `\/`) + `"}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			client := answering(t, http.StatusForbidden, "application/json", body)
			out := client.Submit(background(), someJob())
			_, err := client.List(background(), air.ListQuery{})
			text := fmt.Sprintf("%+v %#v %v %+v", out, out, err, err)
			mustHideKeys(t, text)
			if strings.Contains(text, canarySecret[:8]) {
				t.Errorf("the beginning of the secret key is shown: %s", text)
			}
			if !strings.Contains(text, "REDACTED") && name != "across the cut" {
				t.Errorf("got %s, want REDACTED in it", text)
			}
		})
	}
}

// So in what a job is shown with: the answer to a POST, and the lists that a report is compared with.
func TestKeysEchoedInJobsAreHidden(t *testing.T) {
	escaped := strings.NewReplacer("/", `\/`, "a", `\u0061`).Replace(canarySecret)
	for _, key := range []string{canarySecret, canaryAccess, escaped} {
		for _, field := range []string{
			`"Name":"x%sx"`, `"Batch":"%s"`, `"UserId":"%s"`, `"Created":"%s"`, `"Status":"%s"`,
			`"Source":{"Bucket":"%s"}`, `"Source":{"ObjectKey":"a/%s"}`, `"Source":{"Endpoint":"%s"}`, `"Destination":{"Bucket":"%s"}`,
		} {
			job := `{"Id":"1",` + fmt.Sprintf(field, key) + `}`
			page, err := answering(t, http.StatusOK, "application/json", `{"Records":[`+job+`]}`).List(background(), air.ListQuery{})
			out := answering(t, http.StatusOK, "application/json", `{"Job":`+job+`}`).Submit(background(), someJob())
			if err != nil || len(page.Jobs) != 1 || out.Status != http.StatusOK {
				t.Fatalf("%s: got %+v, %v, %+v", job, page, err, out)
			}
			mustHideKeys(t, fmt.Sprintf("%+v %+v", page, out))
		}
	}
}

func TestKeysInABrokenHeaderAreHidden(t *testing.T) {
	raw := newRawServer(t, func(c rawConn) {
		r := c.request()
		c.send("HTTP/1.1 200 OK\r\n" + r.Header.Get("X-Amz-Secret-Key") + " " + r.Header.Get("X-Amz-Access-Key") + "\x01\r\n\r\n")
		c.Close()
	})
	out := newClient(t, air.Config{BaseURL: raw.url}).Submit(background(), someJob())
	if out.Err == nil {
		t.Fatal("got no error, want one")
	}
	mustHideKeys(t, fmt.Sprintf("%v %+v %#v", out.Err, out, errors.Unwrap(out.Err)))
}

func TestCredentialsThatCannotBeSent(t *testing.T) {
	for name, c := range map[string]air.Credentials{
		"none": {}, "no access": air.NewCredentials("", canarySecret), "no secret": air.NewCredentials(canaryAccess, ""),
		"line break": air.NewCredentials(canaryAccess, canarySecret+"\n"), "umlaut": air.NewCredentials(canaryAccess+"ä", canarySecret),
	} {
		_, err := air.New(air.Config{BaseURL: "https://air.example", Credentials: c})
		if err == nil {
			t.Errorf("%s: got no error", name)
			continue
		}
		mustHideKeys(t, err.Error())
	}
}

// Keys made up for a rehearsal must not disfigure what the verdict depends on.
func TestShortKeysHideNothing(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"Error":"inaccessible","ErrorCode":"RequestRateLimitExceeded"}`)
	}))
	defer srv.Close()
	client := newClient(t, air.Config{BaseURL: srv.URL, Credentials: air.NewCredentials("access", "R")})
	out := client.Submit(background(), someJob())
	if out.Code != "RequestRateLimitExceeded" || out.Message != "inaccessible" {
		t.Errorf("got %q, %q", out.Code, out.Message)
	}
}
