package entry

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// JSONReason describes an error of jsontext in a few words.
func JSONReason(err error) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return err.Error()
	}
	at := fmt.Sprintf("at byte %d", syntax.ByteOffset+1)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		name := syntax.JSONPointer.LastToken()
		return fmt.Sprintf("the name %q stands twice (%s)", name, at)
	}
	if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("it is cut off (%s)", at)
	}
	return fmt.Sprintf("%v (%s)", syntax.Err, at)
}

// Excerpt quotes a value for a message, cut to a readable length.
func Excerpt(s string) string {
	const longest = 60
	if len(s) > longest {
		cut := longest
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return fmt.Sprintf("%q... (%d bytes)", s[:cut], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// QuoteAll quotes some cells.
func QuoteAll(cells []string) string {
	quoted := make([]string, 0, len(cells))
	for _, s := range cells {
		quoted = append(quoted, Excerpt(s))
	}
	return strings.Join(quoted, ", ")
}
