package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"airlift/worker/air/airtest"
)

const (
	deploy    = "../../cmd/airlift/deploy/"
	accessKey = "AKIAIRLIFTTESTACCESS"
	secretKey = "sEcrEt/airlift/test/canary+0123456789"
)

// documents returns the YAML documents of a manifest by their kind.
func documents(t *testing.T, name string) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile(deploy + name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal(doc, &kind); err != nil || kind.Kind == "" {
			t.Fatalf("%s: %v in %s", name, err, doc)
		}
		all[kind.Kind] = doc
	}
	return all
}

// read reads a document. A field that the type does not have is an error.
func read[T any](t *testing.T, doc []byte) (v T) {
	t.Helper()
	if err := yaml.UnmarshalStrict(doc, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// manifests returns what the two files hold.
func manifests(t *testing.T) (d appsv1.Deployment, c batchv1.CronJob, settings corev1.ConfigMap) {
	t.Helper()
	docs := documents(t, "airlift-deployment.yaml")
	claim := read[corev1.PersistentVolumeClaim](t, docs["PersistentVolumeClaim"])
	if !slices.Equal(claim.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}) {
		t.Errorf("the claim has the access modes %v", claim.Spec.AccessModes)
	}
	return read[appsv1.Deployment](t, docs["Deployment"]), read[batchv1.CronJob](t, documents(t, "airlift-cronjob.yaml")["CronJob"]), read[corev1.ConfigMap](t, docs["ConfigMap"])
}

// One process at a time has the queue, it has time to end in good order, and it may do little else.
func TestOneProcessAtATime(t *testing.T) {
	d, c, _ := manifests(t)
	if *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		t.Errorf("%d replicas, %s", *d.Spec.Replicas, d.Spec.Strategy.Type)
	}
	if c.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		t.Errorf("the CronJob's policy is %s", c.Spec.ConcurrencyPolicy)
	}
	for name, pod := range map[string]corev1.PodSpec{"Deployment": d.Spec.Template.Spec, "CronJob": c.Spec.JobTemplate.Spec.Template.Spec} {
		one := pod.Containers[0]
		safe := pod.SecurityContext.FSGroup != nil && *pod.SecurityContext.RunAsNonRoot && *one.SecurityContext.ReadOnlyRootFilesystem && !*one.SecurityContext.AllowPrivilegeEscalation
		if len(pod.Containers) != 1 || !safe || *pod.TerminationGracePeriodSeconds < 30+10 {
			t.Errorf("%s: %+v", name, pod)
		}
		volumes := map[string]bool{}
		for _, v := range pod.Volumes {
			volumes[v.Name] = true
		}
		for _, m := range one.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s mounts %s, and has no such volume", name, m.Name)
			}
		}
	}
	if c.Spec.JobTemplate.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Error("a pod failure policy needs restartPolicy Never")
	}
}

// place is a machine whose paths stand for those of a container.
type place struct {
	t      *testing.T
	dir    string
	binary string
	air    *airtest.Server
	listen string // in place of the container's port
	paths  *strings.Replacer
}

// newPlace builds airlift, and makes the volumes of a pod.
func newPlace(t *testing.T, pod corev1.PodSpec, settings corev1.ConfigMap) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), air: airtest.NewServer(airtest.Config{AccessKey: accessKey, SecretKey: secretKey})}
	p.binary = filepath.Join(p.dir, "airlift")
	build := exec.Command("go", "build", "-o", p.binary, "./cmd/airlift")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.listen = l.Addr().String()
	l.Close()
	replace := []string{"/usr/local/bin/airlift", p.binary, "0.0.0.0:8321", p.listen}
	for _, m := range pod.Containers[0].VolumeMounts {
		dir := filepath.Join(p.dir, m.Name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if m.MountPath != "/tmp" {
			replace = append(replace, m.MountPath, dir)
		}
	}
	for name, content := range map[string]string{
		"keys/access-key": accessKey, "keys/secret-key": secretKey, "keys/notify-secret": "signs", "more.csv": "bucket,key\narchive,a.mov\narchive,b.mov\n",
		"config/config.toml": strings.ReplaceAll(settings.Data["config.toml"], "https://air.example.com", p.air.Start(t)),
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.paths = strings.NewReplacer(replace...)
	return p
}

// command returns the command line of a container, with its environment and no other.
func (p *place) command(c corev1.Container, more ...string) *exec.Cmd {
	var words []string
	for _, word := range slices.Concat(c.Command, c.Args) {
		words = append(words, p.paths.Replace(word))
	}
	cmd := exec.Command(words[0], append(words[1:], more...)...)
	cmd.Dir = p.dir
	for _, e := range c.Env {
		cmd.Env = append(cmd.Env, e.Name+"="+p.paths.Replace(e.Value))
	}
	return cmd
}

// The flags of the containers are there, and the settings of the ConfigMap too.
func TestTheFlagsAreThere(t *testing.T) {
	d, c, settings := manifests(t)
	p := newPlace(t, d.Spec.Template.Spec, settings)
	for _, one := range []corev1.Container{d.Spec.Template.Spec.Containers[0], c.Spec.JobTemplate.Spec.Template.Spec.Containers[0]} {
		help, err := exec.Command(p.binary, one.Args[0], "--help").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, arg := range one.Args[1:] {
			name, _, _ := strings.Cut(arg, "=")
			if strings.HasPrefix(name, "--") && !regexp.MustCompile(regexp.QuoteMeta(name)+`\s`).Match(help) {
				t.Errorf("%s has no flag %s", one.Args[0], name)
			}
		}
	}
}

// The Deployment's container holds the queue, answers the probes, works what it is handed, and ends in good order on SIGTERM.
func TestTheDeploymentsContainer(t *testing.T) {
	d, _, settings := manifests(t)
	pod := d.Spec.Template.Spec
	one := pod.Containers[0]
	p := newPlace(t, pod, settings)
	var log bytes.Buffer
	cmd := p.command(one)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // it has ended by then
	for _, probe := range []*corev1.Probe{one.StartupProbe, one.ReadinessProbe, one.LivenessProbe} {
		url := "http://" + p.listen + probe.HTTPGet.Path
		if probe.HTTPGet.Port.StrVal != one.Ports[0].Name || !slices.Contains(one.Args, fmt.Sprintf("--listen=0.0.0.0:%d", one.Ports[0].ContainerPort)) {
			t.Errorf("a probe asks the port %s of %+v", probe.HTTPGet.Port.String(), one.Ports)
		}
		answered := func() bool {
			answer, err := http.Get(url)
			if err != nil {
				return false
			}
			answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		}
		for tooLate := time.Now().Add(time.Minute); !answered(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(tooLate) {
				t.Fatalf("%s does not answer 200\n%s", url, log.String())
			}
		}
	}
	hand := p.command(one)
	hand.Args = []string{p.binary, "run", "more.csv", "--config", filepath.Join(p.dir, "config/config.toml"), "--queue", filepath.Join(p.dir, "state/queue.db")}
	if out, err := hand.CombinedOutput(); err != nil || p.air.Accepted() != 2 {
		t.Errorf("a run in the container: %v, AiR has %d jobs\n%s", err, p.air.Accepted(), out)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v\n%s", err, log.String())
	}
	if strings.Contains(log.String(), secretKey) || strings.Contains(log.String(), accessKey) {
		t.Error("the log shows a key")
	}
}

// The CronJob's container takes its flags and settings; the bucket that it names is not there, which it says.
func TestTheCronJobsContainer(t *testing.T) {
	_, c, settings := manifests(t)
	pod := c.Spec.JobTemplate.Spec.Template.Spec
	p := newPlace(t, pod, settings)
	for i, arg := range pod.Containers[0].Args {
		if strings.HasPrefix(arg, "s3://") { // there is no S3 here
			pod.Containers[0].Args[i] = "more.csv"
		}
	}
	out, err := p.command(pod.Containers[0]).CombinedOutput()
	if err != nil || p.air.Accepted() != 2 {
		t.Errorf("%v, AiR has %d jobs\n%s", err, p.air.Accepted(), out)
	}
	for _, rule := range c.Spec.JobTemplate.Spec.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil && (*rule.OnExitCodes.ContainerName != pod.Containers[0].Name || slices.Contains(rule.OnExitCodes.Values, 0)) {
			t.Errorf("a rule for the failure of pods: %+v", rule)
		}
	}
	// A second one, with nothing new, and keys that are missing: an exit code of the policy.
	if err := os.Remove(filepath.Join(p.dir, "keys/secret-key")); err != nil {
		t.Fatal(err)
	}
	var failed *exec.ExitError
	if err := p.command(pod.Containers[0]).Run(); !errors.As(err, &failed) || failed.ExitCode() != 2 {
		t.Errorf("without a key it ends with %v, want exit code 2", err)
	}
}
