package airtest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each listed access key is an account with caps of its own.
func TestEachAccessKeyHasItsOwnCaps(t *testing.T) {
	accounts, err := ParseAccounts([]string{"small=daily:1", "month=monthly:2", "out=refused"})
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(Config{Settings: Settings{DailyCap: 3, Accounts: accounts}, MidnightIn: time.Hour})
	defer s.Close()
	post := func(key string) int {
		const job = `{"Name":"n","Services":{"ocr":""},"Batch":"b","Source":{"Endpoint":"e","Bucket":"b","ObjectKey":"k"},"Destination":{"Bucket":"d","Region":"r"}}`
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://air/jobs", strings.NewReader(job))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Access-Key", key)
		r.Header.Set("X-Amz-Secret-Key", "secret")
		answer, err := s.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	for _, day := range []map[string][]int{
		{"other": {200, 200, 200, 429}, "small": {200, 429}, "month": {200, 200, 403}, "out": {401}},
		{"other": {200}, "small": {200, 429}, "month": {403}},
	} {
		for key, want := range day {
			for i, status := range want {
				if got := post(key); got != status {
					t.Errorf("POST %d of %s: %d, want %d", i+1, key, got, status)
				}
			}
		}
		s.Advance(2 * time.Hour)
	}
	for _, wrong := range []string{"small", "=daily:1", "small=daily", "small=daily:0", "small=weekly:1"} {
		if _, err := ParseAccounts([]string{wrong}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
