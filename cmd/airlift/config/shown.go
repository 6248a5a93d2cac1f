package config

import (
	"os"
	"runtime"
	"strings"
)

// Place says where the keys come from, for people.
func (k Keys) Place() string {
	switch {
	case k.file != "":
		return k.place + " of " + k.file
	case k.place == inEnvironment:
		return k.place + " (WASABI_ACCESS_KEY and WASABI_SECRET_KEY)"
	}
	return k.place
}

// Profile returns the profile that the keys are from, "" for the environment.
func (k Keys) Profile() string { return k.profile }

// MaskedAccess returns the last four characters of the access key, which tell keys apart and give none away; of a key that is
// too short for that, none.
func (k Keys) MaskedAccess() string {
	const shown, shortest = 4, 16
	if len(k.Access) < shortest {
		return "****"
	}
	return "****" + k.Access[len(k.Access)-shown:]
}

// Hider replaces keys in texts, and those of the environment, whether they are in use or not.
func (e Env) Hider(k Keys) *strings.Replacer {
	hide := []string{}
	access, _ := e.secret("WASABI_ACCESS_KEY") // an error is reported when the keys are asked for
	secret, _ := e.secret("WASABI_SECRET_KEY")
	for _, secret := range []string{k.Access, k.Secret, k.Token, access, secret, e.get("WASABI_ACCESS_KEY"), e.get("WASABI_SECRET_KEY"), e.get("AWS_SESSION_TOKEN")} {
		if secret != "" {
			hide = append(hide, secret, k.String())
		}
	}
	return strings.NewReplacer(hide...)
}

// ReadableByOthers returns those of the AWS shared files that other users of this machine may read.
func (e Env) ReadableByOthers() (files []string) {
	for _, path := range e.AWSFiles() {
		info, err := os.Stat(path)
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o044 != 0 { // where other rights count
			files = append(files, path)
		}
	}
	return files
}
