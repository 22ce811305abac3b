//go:build unix

package operator

import (
	"fmt"
	"os"
	"syscall"
)

// refuseOtherOwner keeps root from leaving files that the server may not open.
func refuseOtherOwner(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // there is no owner; who reads it says what is wrong
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to the user with the number %d; run this as that user: sudo -u '#%d' guestpad …", path, stat.Uid, stat.Uid)
	}
	return nil
}
