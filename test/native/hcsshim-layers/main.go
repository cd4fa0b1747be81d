// Imports, exports, mounts and removes layers with hcsshim on the stand-in for vmcompute.dll, and writes the layer calls with their
// arguments, one per line. Our driver must make the same calls for the same layers (test/shared/hcsshim-calls.test.ts). make-vector.sh
// builds it with GOOS=windows and runs it under Wine. Usage: layers.exe VECTORS.json OUTPUT
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unsafe"

	"github.com/Microsoft/hcsshim"
	"github.com/Microsoft/hcsshim/pkg/ociwclayer"
)

var dll = syscall.NewLazyDLL("vmcompute.dll")

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The layer calls logged since `calls` last ran, without NameToGuid and the Backup functions. Every transport folder gets the same name.
func calls() string {
	log := dll.NewProc("StandInLog")
	length, _, _ := log.Call(0, 0)
	if length == 0 {
		return ""
	}
	text := make([]byte, length)
	log.Call(uintptr(unsafe.Pointer(&text[0])), length)
	var kept []string
	folder := regexp.MustCompile(`(src|dst)="[^"]*"`)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "NameToGuid") || strings.HasPrefix(line, "Backup") {
			continue
		}
		kept = append(kept, folder.ReplaceAllString(line, `$1="TRANSPORT"`))
	}
	return strings.Join(kept, "\n")
}

type vector struct {
	Case             string
	TarBase64        string
	ParentTarsBase64 []string
	Said             string
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	must(err)
	var vectors []vector
	must(json.Unmarshal(data, &vectors))
	out, err := os.Create(os.Args[2])
	must(err)
	defer out.Close()
	info := hcsshim.DriverInfo{Flavour: 1, HomeDir: ""}
	ctx := context.Background()
	for number, v := range vectors {
		if !strings.HasSuffix(v.Said, "<nil>") {
			continue
		}
		home := fmt.Sprintf(`C:\layers\%d`, number)
		must(os.MkdirAll(home, 0o755))
		dll.NewProc("StandInForget").Call()
		calls()
		fmt.Fprintf(out, "# %s\n", v.Case)
		step := func(name string, err error) {
			fmt.Fprintf(out, "## %s\n%s\n", name, calls())
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s: %s: %v\n", v.Case, name, err)
			}
		}
		var chain []string
		all := append(append([]string{}, v.ParentTarsBase64...), v.TarBase64)
		for i, text := range all {
			tar, err := base64.StdEncoding.DecodeString(text)
			must(err)
			layer := fmt.Sprintf(`%s\l%d`, home, i)
			parent := ""
			if i > 0 {
				parent = fmt.Sprintf("l%d", i-1)
			}
			step("create", hcsshim.CreateLayer(info, layer, parent))
			_, err = ociwclayer.ImportLayerFromTar(ctx, bytes.NewReader(tar), layer, chain)
			step("import", err)
			chain = append([]string{layer}, chain...)
		}
		top, parents := chain[0], chain[1:]
		if len(parents) > 0 {
			// Exports as Docker does, because ociwclayer would prepare every layer, even one that has no disk.
			must(hcsshim.ActivateLayer(info, top))
			reader, err := hcsshim.NewLayerReader(info, top, parents)
			must(err)
			for err == nil {
				_, _, _, err = reader.Next()
			}
			if err == io.EOF {
				err = nil
			}
			must(reader.Close())
			must(hcsshim.DeactivateLayer(info, top))
			step("export", err)
		}
		run := home + `\run`
		step("scratch", hcsshim.CreateScratchLayer(info, run, "", chain))
		must(hcsshim.ActivateLayer(info, run))
		must(hcsshim.PrepareLayer(info, run, chain))
		_, err = hcsshim.GetLayerMountPath(info, run)
		step("mount", err)
		must(hcsshim.UnprepareLayer(info, run))
		step("unmount", hcsshim.DeactivateLayer(info, run))
		step("export of the scratch layer", ociwclayer.ExportLayerToTar(ctx, io.Discard, run, chain))
		step("remove", hcsshim.DestroyLayer(info, run))
	}
}
