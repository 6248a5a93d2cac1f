package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// completionCase is a command line up to the cursor, and what completes its last word.
type completionCase struct{ line, want string }

var completionCases = []completionCase{
	{"airlift items b1 --state ", "cancelled failed in_doubt pending sending submitted"},
	{"airlift items b1 --state s", "sending submitted"},
	{"airlift items b1 --state pen", "pending"},
	{"airlift report b1 --state re", "rejected"},
	{"airlift retry b1 --state ", "cancelled failed"},
	{"airlift report b1 --format ", "csv excel jsonl"},
	{"airlift run m --format ", "csv jsonl s3-batch s3-inventory text"},
	{"airlift plan m --format s3-i", "s3-inventory"},
	{"airlift run m.csv --on-daily-cap ", "exit wait"},
	{"airlift submit --on-daily-cap e", "exit"},
	{"airlift run m.csv --services ", "audiotag face logo nld ocr s2t"},
	{"airlift run m.csv --services ocr,s", "ocr,s2t"},
	{"airlift run m.csv --services ocr,s2t,", "ocr,s2t,audiotag ocr,s2t,face ocr,s2t,logo ocr,s2t,nld"},
	{"airlift run m.csv --types vid", "video"},
	{"airlift run m.csv --log-level w", "warn"},
	{"airlift status ", "archive-1a2b3c4d year2024-0"},
	{"airlift items a", "archive-1a2b3c4d"},
	{"airlift submit archive-1a2b3c4d ", "year2024-0"},
	{"airlift status archive-1a2b3c4d ", ""},
	{"airlift run m.csv --batch y", "year2024-0"},
	{"airlift run m.csv --since-batch y", "year2024-0"},
	{"airlift adopt ye", "year2024-0"},
	{"airlift recon", "reconcile"},
	{"airlift run m.csv --on-d", "--on-daily-cap"},
	{"airlift nonsense ", ""},
}

// newCompletionRig has a queue with two batches.
func newCompletionRig(t *testing.T) *rig {
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("m.csv", 1), "--batch", "archive-1a2b3c4d").want(t, exit.OK)
	r.run("enqueue", r.manifest("m.csv", 2), "--batch", "year2024-0").want(t, exit.OK)
	return r
}

// shell runs a script with airlift in its path, and returns what it prints.
func (r *rig) shell(program string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = r.dir, append(slices.Clone(r.env), "PATH="+filepath.Dir(r.binary)+":"+os.Getenv("PATH"))
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// check compares the last words of completions, one or more a line, with those that the case wants.
func (c completionCase) check(t *testing.T, shell, printed string) {
	t.Helper()
	got := strings.Fields(printed)
	slices.Sort(got)
	if strings.Join(got, " ") != c.want {
		t.Errorf("%s completes %q with %q, want %q", shell, c.line, got, c.want)
	}
}

// bashWord finds the words as bash splits them: at blanks, and at = and :, which are words of their own.
var bashWord = regexp.MustCompile(`[^\s=:]+|[=:]+`)

// A bash without the bash-completion package completes, after a blank and after = alike.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	r := newCompletionRig(t)
	script := "source <(airlift completion bash --no-descriptions); f=$(complete -p airlift); f=${f##*-F }; f=${f%% *}\n"
	cases := slices.Clone(completionCases)
	for _, c := range completionCases {
		if at := strings.LastIndex(c.line, " "); at > 0 && strings.Contains(c.line[:at], " --") {
			cases = append(cases, completionCase{c.line[:at] + "=" + c.line[at+1:], c.want})
		}
	}
	cases = append(cases, completionCase{"airlift items\tb1   --state  s", "sending submitted"}, completionCase{"airlift run a:b=c --types im", "image"})
	for _, c := range cases {
		var words []string
		for _, w := range bashWord.FindAllString(c.line, -1) {
			words = append(words, "'"+w+"'")
		}
		if strings.HasSuffix(c.line, " ") {
			words = append(words, "''")
		}
		script += fmt.Sprintf("COMP_LINE='%s more' COMP_POINT=%d COMP_TYPE=9 COMP_WORDS=(%s more) COMP_CWORD=%d; COMPREPLY=(); $f 2>/dev/null; echo \"${COMPREPLY[*]}\"\n",
			c.line, len(c.line), strings.Join(words, " "), len(words)-1)
	}
	lines := strings.Split(r.shell("bash", "--noprofile", "--norc", "-c", script), "\n")
	for i, c := range cases {
		c.check(t, "bash", lines[i])
	}
}

// In zsh, with its completion system replaced by what shows the call.
func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("zsh"); err != nil {
		t.Skip("there is no zsh")
	}
	r := newCompletionRig(t)
	script := "compdef() { : }; _arguments() { : }; _describe() { local -a all=(\"${(@P)2}\"); print -rn -- \"${(j: :)${(M)all%%:*}:-} \"; for one in $all; do [[ ${one//\\\\:/:} == ${words[CURRENT]}* || ${words[CURRENT]} == '' ]] && print -rn -- \"${one%%:*} \"; done }\n" +
		"source <(airlift completion zsh --no-descriptions)\n"
	for _, c := range completionCases {
		words := strings.Fields(c.line)
		if strings.HasSuffix(c.line, " ") {
			words = append(words, "''")
		}
		script += fmt.Sprintf("words=(%s) CURRENT=%d; _airlift; print\n", strings.Join(words, " "), len(words))
	}
	lines := strings.Split(r.shell("zsh", "-f", "-c", script), "\n")
	for i, c := range completionCases {
		c.check(t, "zsh", lines[i])
	}
}

func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("fish"); err != nil {
		t.Skip("there is no fish")
	}
	r := newCompletionRig(t)
	script := "airlift completion fish --no-descriptions | source\n"
	for _, c := range completionCases {
		// What ends in a dot is there only to keep fish from adding a blank.
		script += fmt.Sprintf("echo (complete -C '%s' | string replace -r '\\t.*' '' | string match -v '*.')\n", c.line)
	}
	lines := strings.Split(r.shell("fish", "-N", "-c", script), "\n")
	for i, c := range completionCases {
		if c.want == "" {
			continue // fish falls back to the names of files
		}
		c.check(t, "fish", lines[i])
	}
}

// Batch ids come from the queue at rest, else from the holder's status file; nothing is made, said or waited for.
func TestCompletionOfBatchIDs(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(2))
	ids := func(want string, args ...string) {
		t.Helper()
		got := r.run(append([]string{"__complete", "items"}, args...)...).want(t, exit.OK)
		if printed, _, _ := strings.Cut(got.stdout, ":"); strings.TrimSpace(printed) != want {
			t.Errorf("%q: got %q, want %q", args, printed, want)
		}
	}
	ids("", "")
	r.noQueue()
	r.file("junk.db", "no queue")
	ids("", "--queue", "junk.db", "")
	fifo := filepath.Join(r.dir, "fifo.db")
	mkfifo(t, fifo)
	ids("", "--queue", fifo, "")
	if len(r.files()) != 1 {
		t.Errorf("a completion made files: %q", r.files())
	}
	r.config("batch = [")
	ids("", "")
	r.config("workers = 2\n")

	r.run("enqueue", r.manifest("other.csv", 1), "--batch", "other").want(t, exit.OK)
	p := r.start("run", r.manifest("m.csv", 5), "--batch", "mine: 1", "--workers", "1")
	await(t, h.posts.reached(2), "the run to be at work")
	got := r.run("__complete", "items", "").want(t, exit.OK)
	if !strings.Contains(got.stdout, "mine: 1\n") {
		t.Errorf("beside a run: got %q", got.stdout)
	}
	if err := os.Remove(r.queue + ".status.json"); err != nil {
		t.Fatal(err)
	}
	mkfifo(t, r.queue+".status.json")
	ids("", "")
	close(h.release)
	p.wait().want(t, exit.OK)
	got = r.run("__complete", "items", "").want(t, exit.OK)
	if !strings.HasPrefix(got.stdout, "other\nmine: 1\n:") {
		t.Errorf("after the run: got %q", got.stdout)
	}
	moved := filepath.Join(r.dir, "moved.db")
	if err := os.Rename(r.queue, moved); err != nil {
		t.Fatal(err)
	}
	r.config("queue = \"" + moved + "\"\n")
	r.setenv("AIRLIFT_QUEUE", "")
	if got = r.run("__complete", "items", "o").want(t, exit.OK); !strings.HasPrefix(got.stdout, "other\n") {
		t.Errorf("of the config file's queue: got %q", got.stdout)
	}
}
