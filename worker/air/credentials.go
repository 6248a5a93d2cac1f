package air

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted replaces secrets.
const redacted = "REDACTED"

// Credentials are a Wasabi access key and its secret key, which AiR takes in the
// headers x-amz-access-key and x-amz-secret-key. Both count as secret: no verb
// of fmt, no encoder and no logger shows them. The zero value is no credentials.
// Values cannot be compared.
type Credentials struct {
	// A function, because fmt calls no methods of values in unexported
	// fields: it prints them by reflection, and with a wrong verb it
	// follows pointers too. For a function it prints only the address.
	reveal func() (access, secret string)
}

// NewCredentials returns the credentials made of the two keys. Whether they can be
// sent at all is checked by New.
func NewCredentials(access, secret string) Credentials {
	if access == "" && secret == "" {
		return Credentials{}
	}
	return Credentials{func() (string, string) { return access, secret }}
}

// IsZero reports whether neither key is set.
func (c Credentials) IsZero() bool { return c.reveal == nil }

// String gives REDACTED.
func (c Credentials) String() string { return redacted }

// GoString gives REDACTED.
func (c Credentials) GoString() string { return redacted }

// Format writes REDACTED for every verb and flag.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON gives "REDACTED".
func (c Credentials) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText gives REDACTED.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue gives REDACTED to log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redacted) }

// keys returns both keys, empty for the zero value.
func (c Credentials) keys() (access, secret string) {
	if c.reveal == nil {
		return "", ""
	}
	return c.reveal()
}

// check reports credentials that cannot be sent. It never quotes a key.
func (c Credentials) check() error {
	access, secret := c.keys()
	switch {
	case access == "":
		return fmt.Errorf("credentials: the access key is empty")
	case secret == "":
		return fmt.Errorf("credentials: the secret key is empty")
	case !visible(access):
		return fmt.Errorf("credentials: the access key has a space or a character that is not ASCII")
	case !visible(secret):
		return fmt.Errorf("credentials: the secret key has a space or a character that is not ASCII")
	}
	return nil
}

// visible reports whether s is made of visible ASCII only. A line break at the
// end of a key, copied along with it, is the usual case of the contrary.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
