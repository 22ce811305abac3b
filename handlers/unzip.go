package handlers

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"strings"
)

const (
	// maxFiles is how many files one import looks at.
	maxFiles = 5000
	// maxDirectory is how long the list of files in a zip may be, in bytes. It is read
	// before anybody knows how many they are, and all of it is in memory.
	maxDirectory = 2 << 20
	// maxUnpacked is how much the texts of a zip may be, in bytes.
	maxUnpacked = 128 << 20
	// maxRatio is how much more that may be than the zip. Texts shrink to a third or a
	// tenth; repetition that was made for it, to a thousandth. Below smallZip nobody minds.
	maxRatio = 100
	smallZip = 1 << 20
)

var errTooManyFiles = errors.New("the list of files in the zip is too long")

// filesOf reads the list of files in a zip. It has an answer instead for one that is not to
// be opened: all of it is judged by its list first, so that nothing of a zip bomb comes in.
// The sizes in the list can be trusted as bounds: reading a file beyond its size is an
// error of the zip package.
func filesOf(archive *os.File) (files []*zip.File, whyNot string, err error) {
	info, err := archive.Stat()
	if err != nil {
		return nil, "", err
	}
	bounded := &boundedReaderAt{r: archive, left: maxDirectory}
	reader, err := zip.NewReader(bounded, info.Size())
	bounded.left = 1 << 62
	if errors.Is(err, zip.ErrInsecurePath) {
		err = nil // whyNotFromZip looks at the paths
	}
	switch {
	case errors.Is(err, errTooManyFiles) || err == nil && len(reader.File) > maxFiles:
		return nil, "This zip holds more than 5,000 files. Unpack it and choose its files in parts.", nil
	case isDiskError(err):
		return nil, "", err
	case err != nil:
		return nil, "This is no zip, or it is damaged.", nil
	case isBomb(reader.File, info.Size()):
		return nil, "This zip would unpack to far more than notes do, so it was not opened. If it is in order, unpack it and choose its files.", nil
	}
	return reader.File, "", nil
}

// eachInZip calls take for the texts in a zip, one after another, and refuse for the files
// that are none. Nothing is ever written under the name that a file has.
func eachInZip(files []*zip.File, take func(name string, r io.Reader) error, refuse func(name, why string)) error {
	for _, file := range files {
		elements := strings.FieldsFunc(file.Name, func(r rune) bool { return r == '/' || r == '\\' })
		if strings.HasSuffix(file.Name, "/") || len(elements) == 0 || isHidden(elements) {
			continue
		}
		name := elements[len(elements)-1]
		if why := whyNotFromZip(file, elements); why != "" {
			refuse(name, why)
			continue
		}
		text, err := file.Open()
		if err != nil {
			refuse(name, damaged)
			continue
		}
		err = take(name, text)
		_ = text.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

const damaged = "This file is damaged. If you have it elsewhere, choose it there."

// isBomb tells whether a zip unpacks to more than a zip of notes. Files in it that share
// the same bytes show in the sum of what they take.
func isBomb(files []*zip.File, size int64) bool {
	var packed, unpacked uint64
	for _, file := range files {
		packed += min(file.CompressedSize64, 1<<48)
		if isText(file.Name) && file.UncompressedSize64 <= maxFileBytes {
			unpacked += file.UncompressedSize64
		}
	}
	return packed > uint64(size) || unpacked > maxUnpacked || unpacked > smallZip && unpacked > maxRatio*uint64(size)
}

// isHidden holds for what people do not see in their folders: files and folders that
// begin with a dot, and what macOS adds to its zips.
func isHidden(elements []string) bool {
	for _, e := range elements {
		if e == "__MACOSX" || strings.HasPrefix(e, ".") && e != "." && e != ".." {
			return true
		}
	}
	return false
}

func whyNotFromZip(file *zip.File, elements []string) string {
	const isEncrypted = 1
	for _, e := range elements {
		if e == ".." {
			return "Its path leads out of the zip."
		}
	}
	name := elements[len(elements)-1]
	switch {
	case isZip(name):
		return "This is a zip in a zip. Unpack the outer one, and choose this one by itself."
	case !isText(name):
		return wrongKind
	case file.Flags&isEncrypted != 0:
		return "This is encrypted. Unpack the zip with its password, and choose the files."
	case file.Method != zip.Store && file.Method != zip.Deflate:
		return "This is packed in a way that Guestpad cannot read. Unpack the zip, and choose the files."
	case file.UncompressedSize64 > maxFileBytes:
		return tooLong
	}
	return ""
}

// boundedReaderAt fails when more is read than is left.
type boundedReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (b *boundedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := b.r.ReadAt(p, at)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooManyFiles
	}
	return n, err
}
