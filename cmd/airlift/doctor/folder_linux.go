package doctor

import "golang.org/x/sys/unix"

// kinds are the file systems that are no local disk, by their magic number (linux/magic.h, statfs(2)).
var kinds = map[uint32]filesystem{
	unix.TMPFS_MAGIC:           {kind: "tmpfs", volatile: true},
	unix.RAMFS_MAGIC:           {kind: "ramfs", volatile: true},
	unix.OVERLAYFS_SUPER_MAGIC: {kind: "overlay", layer: true},
	unix.NFS_SUPER_MAGIC:       {kind: "NFS", remote: true},
	unix.SMB_SUPER_MAGIC:       {kind: "SMB", remote: true},
	unix.SMB2_SUPER_MAGIC:      {kind: "SMB", remote: true},
	unix.CIFS_SUPER_MAGIC:      {kind: "CIFS", remote: true},
	unix.AFS_SUPER_MAGIC:       {kind: "AFS", remote: true},
	unix.CODA_SUPER_MAGIC:      {kind: "Coda", remote: true},
	unix.CEPH_SUPER_MAGIC:      {kind: "CephFS", remote: true},
	unix.OCFS2_SUPER_MAGIC:     {kind: "OCFS2", remote: true},
	0x0bd00bd0:                 {kind: "Lustre", remote: true},
	unix.V9FS_MAGIC:            {kind: "9p", foreign: true},
	unix.FUSE_SUPER_MAGIC:      {kind: "FUSE", foreign: true},
	unix.EXT4_SUPER_MAGIC:      {kind: "ext4"},
	unix.XFS_SUPER_MAGIC:       {kind: "xfs"},
	unix.BTRFS_SUPER_MAGIC:     {kind: "btrfs"},
	0x2fc12fc1:                 {kind: "zfs"},
}

// filesystemOf asks the system about the file system of a folder.
func filesystemOf(folder string) filesystem {
	var s unix.Statfs_t
	if unix.Statfs(folder, &s) != nil {
		return filesystem{}
	}
	is := kinds[uint32(s.Type)]
	is.readOnly, is.sized, is.free = s.Flags&unix.ST_RDONLY != 0, true, int64(s.Bavail)*int64(s.Bsize)
	return is
}
