//go:build unix

package confine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxSupplementary is how many groups the process may be in beside its own:
// NGROUPS_MAX of Linux is 65536, and nobody's sensor needs so many.
const maxSupplementary = 1024

// account is whom the process becomes.
type account struct {
	name     string
	uid, gid int
	groups   []int
}

func lookUp(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("--user %s: there is no such user; 'adduser --system --group %s' makes one", name, name)
	}
	a := &account{name: u.Username}
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, fmt.Errorf("--user %s: user number %q", name, u.Uid)
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return nil, fmt.Errorf("--user %s: group number %q", name, u.Gid)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("--user %s: its groups: %w", name, err)
	}
	for _, g := range groups[:min(len(groups), maxSupplementary)] {
		if gid, err := strconv.Atoi(g); err == nil {
			a.groups = append(a.groups, gid)
		}
	}
	return a, nil
}

// become makes the process a's, with the files it has created.
func (a *account) become(p *places) error {
	switch euid := os.Geteuid(); {
	case a.uid == 0:
		return fmt.Errorf("--user %s: that is root itself: name a user without rights, or leave --user away", a.name)
	case euid == a.uid:
		return nil
	case euid != 0:
		return fmt.Errorf("--user %s: only root can become another user: run it with sudo, or leave --user away", a.name)
	}
	if err := a.takeFolders(p); err != nil {
		return err
	}
	if err := a.asUser(func() error { return a.reaches(p) }); err != nil {
		return err
	}
	for _, file := range p.files {
		if err := a.take(file); err != nil {
			return err
		}
	}
	dropBounding()
	// The groups first: later there is no right to. Each of these is carried
	// out by the C library on all threads.
	if err := syscall.Setgroups(a.groups); err != nil {
		return fmt.Errorf("--user %s: its groups: %w", a.name, err)
	}
	if err := syscall.Setgid(a.gid); err != nil {
		return fmt.Errorf("--user %s: its group %d: %w", a.name, a.gid, err)
	}
	if err := syscall.Setuid(a.uid); err != nil {
		return fmt.Errorf("--user %s: %w", a.name, err)
	}
	if syscall.Setuid(0) == nil {
		return fmt.Errorf("--user %s: the process could become root again", a.name)
	}
	return nil
}

// asUser runs f with the rights that a will have, as far as files go.
func (a *account) asUser(f func() error) error {
	root, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups(a.groups), syscall.Setegid(a.gid), syscall.Seteuid(a.uid)); err != nil {
		return fmt.Errorf("--user %s: %w", a.name, err)
	}
	err = f()
	if back := errors.Join(syscall.Seteuid(0), syscall.Setegid(0), syscall.Setgroups(root)); back != nil {
		return fmt.Errorf("--user %s: %w", a.name, back)
	}
	return err
}

// reaches looks whether whoever runs it can use what p names.
func (a *account) reaches(p *places) error {
	const use = unix.R_OK | unix.W_OK | unix.X_OK
	for _, folder := range p.write {
		if err := unix.Faccessat(unix.AT_FDCWD, folder, use, unix.AT_EACCESS); err != nil {
			return fmt.Errorf("%s: user %s could not write there (%w): chown %s %s, or name one of that user's folders",
				folder, a.name, err, a.name, folder)
		}
	}
	for _, path := range p.named {
		if err := unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK, unix.AT_EACCESS); err != nil {
			return fmt.Errorf("%s: user %s could not read it again (%w): chown root:%d %s, and chmod 640 it",
				path, a.name, err, a.gid, path)
		}
	}
	return nil
}

// take gives a file of root's to a. It is opened first and must have one name
// only: whoever may write to the folder could otherwise have put the name of
// another file there.
func (a *account) take(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if errors.Is(err, syscall.ELOOP) {
		return fmt.Errorf("%s: is a link: name the file itself", path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case int(st.Uid) == a.uid:
		return nil
	case st.Uid != 0:
		return fmt.Errorf("%s: belongs to user %d: chown %s it, or name another file", path, st.Uid, a.name)
	case st.Mode&unix.S_IFMT != unix.S_IFREG, st.Nlink != 1:
		return fmt.Errorf("%s: is no plain file with one name: chown %s it, or name another file", path, a.name)
	}
	if err := unix.Fchown(fd, a.uid, a.gid); err != nil {
		return fmt.Errorf("%s: giving it to %s: %w", path, a.name, err)
	}
	return nil
}

// takeFolders gives a the folders that were made for p.
func (a *account) takeFolders(p *places) error {
	for _, folder := range p.write {
		f, err := os.OpenFile(folder, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		err = a.takeFolder(f, p)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: giving it to %s: %w", folder, a.name, err)
		}
	}
	return nil
}

func (a *account) takeFolder(f *os.File, p *places) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Sys().(*syscall.Stat_t).Uid != 0 || info.Mode().Perm()&0o077 != 0 {
		return nil
	}
	// One more than may be there tells that there is something else.
	names, err := f.Readdirnames(len(p.files) + len(p.write) + 1)
	if err != nil && err != io.EOF {
		return err
	}
	for _, name := range names {
		if !p.has(filepath.Join(f.Name(), name)) {
			return nil
		}
	}
	return f.Chown(a.uid, a.gid)
}

// has tells whether path is one of the files or folders, or leads to one.
func (p *places) has(path string) bool {
	for _, list := range [][]string{p.files, p.write} {
		for _, known := range list {
			if known == path || strings.HasPrefix(known, path+string(filepath.Separator)) {
				return true
			}
		}
	}
	return false
}
