package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
)

// systemDatabase is where the service keeps its findings.
const systemDatabase = "/var/lib/mailtap/mailtap.db"

// noDatabase as --db keeps nothing.
const noDatabase = "none"

// databaseFlag adds --db, and looks before the command runs whether the
// database is one that it may open.
func databaseFlag(cmd *cobra.Command, env *environment, path *string) {
	cmd.Flags().StringVar(path, "db", "", "`PATH` of the database of findings, \"none\" to keep nothing (default $MAILTAP_DB, else "+systemDatabase+
		" if it exists or for root, else mailtap/mailtap.db under $XDG_STATE_HOME or ~/.local/state)")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		path, named := env.databasePath(*path)
		if path == noDatabase {
			return nil
		}
		again := cmd.CommandPath()
		if named {
			again += " --db " + path // sudo forgets $MAILTAP_DB
		}
		return mayOpen(path, again)
	}
}

// databasePath settles which database is meant, and whether it was named.
func (env *environment) databasePath(flag string) (path string, named bool) {
	if flag != "" {
		return flag, true
	}
	if path := env.getenv("MAILTAP_DB"); path != "" {
		return path, true
	}
	// Where it may not be seen it is there, and of another user: theirs is
	// meant, and no empty one is shown in its place.
	if _, err := os.Stat(systemDatabase); !errors.Is(err, fs.ErrNotExist) || os.Geteuid() == 0 {
		return systemDatabase, false
	}
	state := env.getenv("XDG_STATE_HOME")
	if state == "" {
		state = filepath.Join(env.getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "mailtap", "mailtap.db"), false
}

// mayOpen tells why the database at path is not to be opened: it is another
// user's, and again is the command to run as them; or it is readable to others
// than its owner. Everything else is told by who opens it.
func mayOpen(path, again string) error {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return notOurs(path, again)
	}
	if err != nil {
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !isSQLite(file) || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("%s: others may read it (mode %04o): chmod 600 it, or name another file with --db", path, info.Mode().Perm())
}

// isSQLite tells whether a file begins as databases do.
func isSQLite(file io.Reader) bool {
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	_, err := io.ReadFull(file, head)
	return err == nil && string(head) == magic
}

// notOurs says who may open path, and how.
func notOurs(path, again string) error {
	seen, uid := nearest(path)
	self := os.Geteuid()
	switch folder, err := os.Stat(filepath.Dir(path)); {
	case uid == self:
		return fmt.Errorf("%s: no permission, though %s is yours: chmod u+rwX it", path, seen)
	case err == nil && seen == path && ownerOf(folder) == self:
		return fmt.Errorf("%s: no permission: it belongs to %s, and its folder to you: run 'sudo chown %s %s*'", path, nameOf(uid), nameOf(self), path)
	}
	who := "sudo "
	if uid != 0 {
		who = "sudo -u " + nameOf(uid) + " "
	}
	return fmt.Errorf("%s: no permission: %s belongs to %s: run '%s', or name another file with --db", path, seen, nameOf(uid), who+again)
}

// nearest returns path or, where that may not be seen, the nearest folder above
// it that may, and whose it is.
func nearest(path string) (seen string, uid int) {
	for {
		info, err := os.Stat(path)
		if err == nil {
			return path, ownerOf(info)
		}
		if path == filepath.Dir(path) {
			return path, 0
		}
		path = filepath.Dir(path)
	}
}

func ownerOf(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// nameOf names a user as sudo -u takes it.
func nameOf(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "'#" + strconv.Itoa(uid) + "'"
}
