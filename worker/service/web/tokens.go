package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"runtime"
	"strings"

	"airlift/worker/service/api"
)

// minToken is the shortest token that is taken from a file, in bytes.
const minToken = 32

// Tokens are what callers show. Act also gives the right to read; empty: nobody may act.
type Tokens struct{ Read, Act string }

// newToken returns 256 random bits as text.
func newToken() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// readTokens returns the tokens of a file, which has a line "read TOKEN" and perhaps a line "act TOKEN".
func readTokens(path string) (t Tokens, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return t, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return t, fmt.Errorf("%s can be read by other users (mode %v): chmod 600", path, info.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		kind, token, _ := strings.Cut(strings.TrimSpace(line), " ")
		to := map[string]*string{"read": &t.Read, "act": &t.Act}[kind]
		if to == nil || *to != "" {
			return t, fmt.Errorf(`%s, line %d: want "read TOKEN" or "act TOKEN", each once`, path, i+1)
		}
		if *to = strings.TrimSpace(token); len(*to) < minToken {
			return t, fmt.Errorf("%s, line %d: the token has fewer than %d characters", path, i+1, minToken)
		}
	}
	if t.Read == "" || t.Read == t.Act {
		return t, fmt.Errorf("%s needs a token to read, and another one to act", path)
	}
	return t, nil
}

// files returns the paths of the files that keep the tokens, with their contents. path is how they begin.
func (t Tokens) files(path string) map[string]string {
	return map[string]string{path + ".read": t.Read, path + ".act": t.Act}
}

// keep writes the tokens to new files that only this user can read, in place of what an earlier process has left.
func (t Tokens) keep(path string) error {
	for name, token := range t.files(path) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteString(token)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// forget removes the files that keep the tokens, unless another process has put its own in their place.
func (t Tokens) forget(path string) {
	for name, token := range t.files(path) {
		if data, err := os.ReadFile(name); err == nil && string(data) == token {
			_ = os.Remove(name) // a file that remains gives no right
		}
	}
}

// right returns the right that the token of a request gives; 0: none.
func (t Tokens) right(r *http.Request) api.Right {
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	read, act := equal(shown, t.Read), equal(shown, t.Act)
	switch {
	case !ok || shown == "":
		return 0
	case act:
		return api.Act
	case read:
		return api.Read
	}
	return 0
}

// equal compares in a time that does not depend on the texts.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
