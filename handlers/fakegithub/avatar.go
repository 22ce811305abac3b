package fakegithub

import (
	"crypto/sha256"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
)

// An avatar is a grid of cells inside a margin; sizes in pixels.
const (
	avatarGrid   = 5
	avatarCell   = 32
	avatarMargin = 16
	avatarSize   = avatarGrid*avatarCell + 2*avatarMargin
)

var avatarInk = color.RGBA{0xfb, 0xfa, 0xf6, 0xff}

// avatarGrounds all give avatarInk a contrast of 3:1 or more.
var avatarGrounds = []color.RGBA{
	{0xb4, 0x53, 0x3c, 0xff},
	{0x9a, 0x6a, 0x1e, 0xff},
	{0x4f, 0x7a, 0x3a, 0xff},
	{0x0f, 0x6b, 0x57, 0xff},
	{0x2b, 0x6f, 0x93, 0xff},
	{0x4c, 0x5f, 0xa8, 0xff},
	{0x7d, 0x4f, 0x9c, 0xff},
	{0xa3, 0x45, 0x71, 0xff},
}

// avatar draws somebody's picture: GET /avatars/{login}. Every login has one, and it never changes.
func (s *Server) avatar(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_ = png.Encode(w, drawAvatar(r.PathValue("login"))) // fails only when the client is gone
}

// drawAvatar fills cells of a grid by the bits of the login's hash, the right half mirroring the left.
func drawAvatar(login string) image.Image {
	hash := sha256.Sum256([]byte(login))
	ground := avatarGrounds[int(hash[len(hash)-1])%len(avatarGrounds)]
	img := image.NewPaletted(image.Rect(0, 0, avatarSize, avatarSize), color.Palette{ground, avatarInk})
	for y := range avatarGrid {
		for x := range (avatarGrid + 1) / 2 {
			if hash[y]>>x&1 == 1 {
				fillCell(img, x, y)
				fillCell(img, avatarGrid-1-x, y)
			}
		}
	}
	return img
}

func fillCell(img *image.Paletted, x, y int) {
	corner := image.Pt(avatarMargin+x*avatarCell, avatarMargin+y*avatarCell)
	cell := image.Rectangle{corner, corner.Add(image.Pt(avatarCell, avatarCell))}
	draw.Draw(img, cell, image.NewUniform(avatarInk), image.Point{}, draw.Src)
}
