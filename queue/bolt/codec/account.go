package codec

import (
	"encoding/binary"

	"airlift/queue"
)

// AccountDay names a server day of an account.
type AccountDay struct {
	Account string
	Day     queue.Day
}

// Key returns where the count of the day is kept: the account, a zero byte and the day.
func (d AccountDay) Key() []byte {
	return binary.BigEndian.AppendUint32(ServerKey(d.Account), uint32(d.Day))
}

// ParseAccountDay returns the day that a key names.
func ParseAccountDay(key []byte) (d AccountDay, ok bool) {
	if len(key) < 6 {
		return d, false
	}
	at := len(key) - 4
	return AccountDay{string(key[:at-1]), queue.Day(int32(binary.BigEndian.Uint32(key[at:])))}, true
}

// ServerKey is where what is known of an account's AiR stands among the gates: no account's name has a zero byte.
func ServerKey(account string) []byte { return append([]byte(account), 0) }

// ControlKey is where what an operator has set for an account stands among the gates.
func ControlKey(account string) []byte { return append(ServerKey(account), "control"...) }
