package powerloss

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// call is one system call as strace prints it.
type call struct {
	start, end int // the lines on which it began and returned, or never
	name       string
	args       []string
	result     int64 // below 0: it failed
}

// never is the end of a call that did not return. Nobody knows whether it did its work.
const never = math.MaxInt

// calls puts strace's lines together, from the given place on.
func calls(text string, place int) (list []call, next int, err error) {
	open := map[string]int{} // thread -> its unfinished call
	for line := range strings.Lines(text) {
		at := place
		place++
		line = strings.TrimSuffix(line, "\n")
		thread, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimLeft(rest, " ")
		if strings.HasPrefix(rest, "+++") || strings.HasPrefix(rest, "---") {
			continue
		}
		if tail, ok := strings.CutPrefix(rest, "<... "); ok {
			i, known := open[thread]
			_, tail, resumed := strings.Cut(tail, " resumed>")
			if !known || !resumed {
				return nil, place, fmt.Errorf("line %d: nothing to resume: %.100s", at, line)
			}
			delete(open, thread)
			if err = list[i].finish(tail, at); err != nil {
				return nil, place, fmt.Errorf("line %d: %w: %.100s", at, err, line)
			}
			continue
		}
		c := call{start: at}
		var ok bool
		if c.name, rest, ok = strings.Cut(rest, "("); !ok {
			return nil, place, fmt.Errorf("line %d: no call: %.100s", at, line)
		}
		if head, unfinished := strings.CutSuffix(rest, " <unfinished ...>"); unfinished {
			open[thread] = len(list)
			c.end = never
			c.args, err = splitArgs(head)
		} else {
			err = c.finish(rest, at)
		}
		if err != nil {
			return nil, place, fmt.Errorf("line %d: %w: %.100s", at, err, line)
		}
		list = append(list, c)
	}
	return list, place, nil
}

// finish takes in the arguments and the result that came with the return.
func (c *call) finish(tail string, at int) error {
	args, result, err := cutResult(tail)
	if err != nil {
		return err
	}
	c.end = at
	if result == "?" { // the process ended within it
		c.end = never
	} else if c.result, err = strconv.ParseInt(result, 0, 64); err != nil {
		return err
	}
	more, err := splitArgs(strings.TrimPrefix(args, ", "))
	c.args = append(c.args, more...)
	return err
}

// cutResult takes the result off the end of a line.
func cutResult(s string) (args, result string, err error) {
	i := strings.LastIndex(s, " = ")
	if i < 0 {
		return "", "", errors.New("no result")
	}
	args, closed := strings.CutSuffix(strings.TrimRight(s[:i], " "), ")")
	if !closed {
		return "", "", errors.New("no result")
	}
	result, _, _ = strings.Cut(s[i+len(" = "):], " ")
	result, _, _ = strings.Cut(result, "<") // a file descriptor with its path
	return args, result, nil
}

// splitArgs takes arguments apart at the commas that are in no text, path or braces.
func splitArgs(s string) (args []string, err error) {
	from, depth := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '<', '{', '[':
			depth++
		case '>', '}', ']':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, strings.TrimLeft(s[from:i], " "))
				from = i + 1
			}
		}
		if i >= len(s) {
			return nil, errors.New("a text is never closed")
		}
	}
	if last := strings.TrimLeft(s[from:], " "); last != "" {
		args = append(args, last)
	}
	return args, nil
}

// fd takes an argument such as 3</tmp/x> apart.
func fd(arg string) (number int, path string) {
	num, path, _ := strings.Cut(arg, "<")
	path, _, _ = strings.Cut(path, ">")
	number, err := strconv.Atoi(num)
	if err != nil {
		number = -1 // AT_FDCWD
	}
	if b, err := unquote(`"` + path + `"`); err == nil {
		path = string(b)
	}
	return number, path
}

// unquote reads a C string as strace prints it.
func unquote(s string) ([]byte, error) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return nil, fmt.Errorf("no whole text: %.40s", s) // or one that strace has cut: "..."...
	}
	s = s[1 : len(s)-1]
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if i++; i == len(s) {
			return nil, errors.New("a text ends in a backslash")
		}
		if s[i] >= '0' && s[i] <= '7' {
			n, end := 0, min(i+3, len(s))
			for ; i < end && s[i] >= '0' && s[i] <= '7'; i++ {
				n = n*8 + int(s[i]-'0')
			}
			i--
			out = append(out, byte(n))
			continue
		}
		at := strings.IndexByte(`nrtvf"\`, s[i])
		if at < 0 {
			return nil, fmt.Errorf(`unknown escape \%c`, s[i])
		}
		out = append(out, "\n\r\t\v\f\"\\"[at])
	}
	return out, nil
}
