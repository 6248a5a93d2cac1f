package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// contributing returns the text of the topic.
func contributing() string { return topic("contributing", "").Long }

// part returns what stands below a heading of the contributing topic.
func part(t *testing.T, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(contributing(), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the topic has no part %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// The rooms of the topic are those of the table that `make check` enforces.
func TestContributingHasTheRoomsOfTheImportTable(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	out, err := exec.Command("../../.ci/imports", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	squeezed := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	var want, got []string
	for line := range strings.Lines(string(out)) {
		if column := strings.Split(line, "|"); !strings.HasPrefix(line, "#") && len(column) == 3 {
			want = append(want, squeezed(column[0]+" "+column[2]))
		}
	}
	for line := range strings.Lines(part(t, "Rooms")) {
		if strings.HasPrefix(line, "    ") {
			got = append(got, squeezed(line))
		}
	}
	if len(want) < 20 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the topic has\n%s\n\n.ci/imports has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Each walk names at most eight files, in order and none twice, and in each of them what is done there.
func TestContributingWalks(t *testing.T) {
	t.Parallel()
	walks := strings.Split(part(t, "Walks"), "\n### ")[1:]
	if len(walks) != 3 {
		t.Errorf("%d walks, want 3", len(walks))
	}
	step := regexp.MustCompile("(?m)^[0-9]+\\. `([^`]+)`((?: `[^`]+`)+): ")
	for _, walk := range walks {
		name, _, _ := strings.Cut(walk, "\n")
		seen := map[string]bool{}
		for _, m := range step.FindAllStringSubmatch(walk, -1) {
			if seen[m[1]] {
				t.Errorf("%s: it comes back to %s", name, m[1])
			}
			seen[m[1]] = true
			text := readFile(t, filepath.Join("../..", m[1]))
			for ident := range strings.FieldsSeq(m[2]) {
				if !declares(text, strings.Trim(ident, "`")) {
					t.Errorf("%s: %s does not declare %s", name, m[1], ident)
				}
			}
		}
		if lines := len(regexp.MustCompile(`(?m)^[0-9]+\. `).FindAllString(walk, -1)); len(seen) != lines || lines < 4 || lines > 8 {
			t.Errorf("%s: %d files in %d steps, want one a step, and 4 to 8", name, len(seen), lines)
		}
	}
}

// declares reports whether Go code declares an identifier, or for T.M a method M of T.
func declares(code, ident string) bool {
	receiver, name, method := strings.Cut(ident, ".")
	if method {
		return regexp.MustCompile(`(?m)^func \(\w+ \*?` + receiver + `(\[\w+\])?\) ` + name + `\(`).MatchString(code)
	}
	return regexp.MustCompile(`(?m)^(?:func|type|var|const) ` + ident + `\b|^\t` + ident + `\b[^:]* = `).MatchString(code)
}

// The glossary has at most thirty terms, and the topic names nothing that is not there.
func TestContributingNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	terms := regexp.MustCompile(`(?m)^- \*\*[a-z ]+\*\*: `).FindAllString(part(t, "Words"), -1)
	if len(terms) < 15 || len(terms) > 30 {
		t.Errorf("%d terms, want 15 to 30", len(terms))
	}
	makefile := readFile(t, "../../Makefile")
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(contributing(), -1) {
		name := m[1]
		if target, ok := strings.CutPrefix(name, "make "); ok {
			target, _, _ = strings.Cut(target, " ")
			if !strings.Contains(makefile, "\n"+target+":") {
				t.Errorf("there is no target %q", name)
			}
			continue
		}
		if !strings.Contains(name, "/") {
			continue // the walks' names are looked for elsewhere
		}
		if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
			t.Errorf("there is no %s", name)
		}
	}
}
