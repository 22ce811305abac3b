package markdown

import (
	"io"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// usualText is ten kilobytes of what people write, without code.
var usualText = strings.Repeat(`## What to bring

We meet at **nine** in front of the station. Bring *warm* clothes, since it is still cold
in the morning, and see https://example.org/weather?day=saturday for the rest of the day.
The [map](https://example.org/map "Where it is") shows both ways; the `+"`north`"+` one is shorter.

- [x] tickets for the train
- [ ] bread, cheese & apples
  - [ ] a knife
- something to read, ~~not too heavy~~

> [!NOTE]
> The last train leaves at 22:14.

| who   | brings | when |
|:------|--------|-----:|
| Anna  | tea    | 9:00 |
| Bruno | cake   | 9:15 |

1. First to the lake, along the road.
2. Then up the hill, *slowly*.

`, 16)

func BenchmarkRender(b *testing.B) {
	b.SetBytes(int64(len(usualText)))
	b.ReportAllocs()
	for b.Loop() {
		Render(usualText, Options{Tickable: true})
	}
}

// BenchmarkGoldmark is the yardstick: the same Markdown with nothing around it.
func BenchmarkGoldmark(b *testing.B) {
	bare := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))
	b.SetBytes(int64(len(usualText)))
	b.ReportAllocs()
	for b.Loop() {
		if err := bare.Convert([]byte(usualText), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
