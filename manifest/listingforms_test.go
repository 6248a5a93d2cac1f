package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestListingsAreRefused gives what tools print as text, as a CSV and under a name
// that says nothing; the refusal names the tool, and --columns key=1 reads it all
// the same.
func TestListingsAreRefused(t *testing.T) {
	const md5 = "d41d8cd98f00b204e9800998ecf8427e"
	tests := []struct{ name, data, tool, remedy string }{
		{"aws human", "2024-03-01 10:00:00    1.0 MiB reels/a.mov\n2024-03-01 10:00:00  512 Bytes reels/b.mov\n\nTotal Objects: 2\n   Total Size: 1.0 MiB\n", "aws s3 ls", "aws s3api"},
		{"aws bytes", "2024-03-01 10:00:00  512 Bytes reels/b.mov\n", "aws s3 ls", "aws s3api"},
		{"aws of nothing", "\nTotal Objects: 0\n   Total Size: 0 Bytes\n", "aws s3 ls", "aws s3api"},
		{"aws buckets", "2024-03-01 10:00:00 archive\n2024-03-01 10:00:01 results\n", "aws s3 ls", "aws s3api"},
		{"aws sync", "(dryrun) upload: reels/a.mov to s3://archive/reels/a.mov\n", "aws s3", "aws s3api"},
		{"s3cmd human", "2024-03-01 10:00   1024K  s3://archive/a.mov\n", "s3cmd ls", "aws s3api"},
		{"s3cmd folder", "                          DIR  s3://archive/reels/\n2024-03-01 10:00     12  s3://archive/a.mov\n", "s3cmd ls", "aws s3api"},
		{"s3cmd du", "   1048576       2 objects s3://archive/\n", "s3cmd du", "aws s3api"},
		{"s5cmd -e", "2024/03/01 10:00:00    " + md5 + "            1048576  a.mov\n", "s5cmd ls", "s5cmd ls --show-fullpath"},
		{"s5cmd -e -s -H", "2024/03/01 10:00:00 STANDARD " + md5 + "-12     1.0M  a.mov\n", "s5cmd ls", "s5cmd ls --show-fullpath"},
		{"s5cmd buckets", "2024/03/01 10:00:00  s3://archive\n", "s5cmd ls", "s5cmd ls --show-fullpath"},
		{"s5cmd du", "1048576 bytes in 2 objects: s3://archive/*\n", "s5cmd du", "s5cmd ls --show-fullpath"},
		{"s5cmd cp", "cp a.mov s3://archive/a.mov\n", "s5cmd", "s5cmd ls --show-fullpath"},
		{"gsutil -l", "   1048576  2024-03-01T10:00:00Z  gs://archive/a.mov\nTOTAL: 1 objects, 1048576 bytes (1 MiB)\n", "gsutil ls", "aws s3api"},
		{"gsutil -lh", "     1 MiB  2024-03-01T10:00:00Z  gs://archive/a.mov\n", "gsutil ls", "aws s3api"},
		{"gsutil -L", "gs://archive/a.mov:\n    Creation time:    Fri, 01 Mar 2024 10:00:00 GMT\n", "gsutil ls", "aws s3api"},
		{"mc ls", "[2024-03-01 10:00:00 UTC]     0B reels/\n[2024-03-01 10:00:00 CET] 1.0MiB STANDARD a.mov\n", "mc ls", "mc ls -r --json"},
		{"rclone ls, one line", "  1048576 reels/a.mov\n", "rclone ls", "rclone lsf -R"},
		{"rclone ls, human", "      1Mi reels/a.mov\n", "rclone ls", "rclone lsf -R"},
		{"rclone lsl, human", "      1Mi 2024-03-01 10:00:00.000000000 reels/a.mov\n", "rclone lsl", "rclone lsf -R"},
		{"rclone lsd", "          -1 2024-03-01 10:00:00        -1 reels\n", "rclone lsd", "rclone lsf -R"},
		{"md5sum", md5 + "  reels/a.mov\n" + md5 + "  reels/b.mov\n", "md5sum", "sed -E"},
		{"md5sum, binary", md5 + " *a.mov\n", "md5sum", "sed -E"},
		{"sha256sum", strings.Repeat("0f", 32) + "  ./a.mov\n", "md5sum", "sed -E"},
		{"md5 of BSD", "MD5 (a.mov) = " + md5 + "\n", "md5", "find FOLDER"},
		{"ls -l", "total 2052\n-rw-r--r-- 1 user user 1048576 Mar  1 10:00 a.mov\n", "ls", "find FOLDER"},
		{"ls -lh of files", "-rw-r--r--@ 1 user  staff   1.0M Mar  1 10:00 a.mov\n", "ls -l", "find FOLDER"},
		{"ls -lR of a folder", "reels:\ntotal 4\ndrwxrwxr-x 2 user user 4096 Mar  1 10:00 2024\n", "ls", "find FOLDER"},
		{"ls -R", ".:\na.mov\nreels\n\n./reels:\nb.mov\n", "ls -R", "find FOLDER"},
		{"tar tvf", "-rw-r--r-- user/user 1048576 2024-03-01 10:00 a.mov\n", "ls -l", "find FOLDER"},
		{"find", "./reels/a.mov\n./reels/b.mov\n", "find", `find FOLDER -type f -printf '%P\n'`},
		{"find with its folder", ".\n./reels\n./reels/a.mov\n", "find", "find FOLDER"},
		{"find -ls", "  1835 4 -rw-r--r--   1 user user 3 Mar  1 10:00 ./a.mov\n", "find -ls", "find FOLDER"},
		{"tree", "reels\n├── a.mov\n└── b.mov\n\n0 directories, 2 files\n", "tree", "find FOLDER"},
		{"du", "1028\t./reels\n2052\t.\n", "du", "find FOLDER"},
		{"du -h", "1.1M\treels/a.mov\n", "du", "find FOLDER"},
		{"rsync", "sending incremental file list\nreels/a.mov\n", "rsync", "find FOLDER"},
		{"rsync -i", ">f+++++++++ reels/a.mov\n", "rsync -i", "find FOLDER"},
		{"a drive", `C:\archive\reels\a.mov` + "\r\n", "a Windows program", "without the drive"},
		{"a share", `\\nas\archive\reels\a.mov` + "\n", "a Windows program", "without the drive"},
		{"dir", " Volume in drive C is OS\r\n Volume Serial Number is 1-2\r\n", "dir", "without the drive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			open := func(name, columns string) (Reader, error) {
				name = filepath.Join(dir, name)
				if err := os.WriteFile(name, []byte(tt.data), 0o600); err != nil {
					t.Fatal(err)
				}
				o := Options{SourceBucket: "b"}
				setDialect(t, &o, "", columns)
				return Open(context.Background(), name, o)
			}
			for _, name := range []string{"keys.txt", "keys.csv", "keys"} {
				r, err := open(name, "")
				if err == nil {
					r.Close()
					t.Errorf("%s: was read", name)
					continue
				}
				if tab := strings.Contains(tt.data, "\t"); tab && name == "keys.csv" {
					continue // then its tab may be the delimiter
				}
				if !strings.Contains(err.Error(), "is the output of "+tt.tool) || !strings.Contains(err.Error(), tt.remedy) {
					t.Errorf("%s: got %v", name, err)
				}
			}
			r, err := open("keys.txt", "key=1")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			all, _, end := readAll(t, r)
			if lines := strings.Split(strings.Trim(strings.ReplaceAll(tt.data, "\r", ""), "\n"), "\n"); end != nil || len(all) == 0 || tt.tool != "gsutil ls" && all[0].Key != lines[0] {
				t.Errorf("with --columns key=1: got %v, %v", all, end)
			}
		})
	}
}

// TestKeysLikeListings reads keys that are only a little like the output of tools.
func TestKeysLikeListings(t *testing.T) {
	for _, key := range []string{
		"2024-03-01 10:00:00 a.mov", "2024-03-01 10:00 a.mov", "123 c.mov", "12345678 reel.mov", "d41d8cd98f00b204e9800998ecf8427e.mov",
		"d41d8cd98f00b204e9800998ecf8427e a.mov", ".hidden/a.mov", "...a.mov", "C/a.mov", "C: a.mov", `reels\a.mov`, `\a.mov`, "/a.mov", "total recall.mov", "total 12 takes.mov",
		"copy of a.mov", "upload: a.mov", "cp a.mov", "-rw.mov", "drwx/a.mov", "Total Objects.mov", "reels:/a.mov", "1.5M a.mov", ">final.mov", "[2024] a.mov", "MD5 (a).mov",
	} {
		t.Run(key, func(t *testing.T) {
			all, rejected, end := read(t, FormatText, "b", key+"\n"+"reels/b.mov\n")
			want{rows: []string{"b/" + key, "b/reels/b.mov"}}.check(t, all, rejected, end)
		})
	}
}
