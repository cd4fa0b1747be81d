// Calls each of hcsshim's exported layer functions once, on the stand-in for vmcompute.dll, and writes the arguments that the stand-in
// received, as a test vector for our own calls. make-vector.sh builds it with GOOS=windows and runs it under Wine.
package main

import (
	"os"
	"syscall"
	"unsafe"

	"github.com/Microsoft/hcsshim"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	dll := syscall.NewLazyDLL("vmcompute.dll")
	dll.NewProc("StandInLogOnly").Call(1)

	info := hcsshim.DriverInfo{Flavour: 1, HomeDir: ""}
	_, err := hcsshim.LayerExists(hcsshim.DriverInfo{HomeDir: `C:\layers`}, "yes")
	must(err)
	_, err = hcsshim.GetLayerMountPath(hcsshim.DriverInfo{HomeDir: `C:\layers`}, "a")
	must(err)
	_, err = hcsshim.NameToGuid("parent")
	must(err)
	in := hcsshim.DriverInfo{Flavour: 1, HomeDir: `C:\layers`}
	must(hcsshim.CreateLayer(in, "l", "p"))
	must(hcsshim.CreateSandboxLayer(in, "sandbox", "", []string{`C:\layers\p1`, `C:\layers\é2`}))
	must(hcsshim.CreateSandboxLayer(in, "sandbox", "", nil))
	must(hcsshim.ActivateLayer(in, "sandbox"))
	must(hcsshim.PrepareLayer(in, "sandbox", []string{`C:\layers\p1`}))
	must(hcsshim.UnprepareLayer(in, "sandbox"))
	must(hcsshim.DeactivateLayer(in, "sandbox"))
	must(hcsshim.ImportLayer(in, "l", `C:\tmp\imp`, []string{`C:\layers\p1`}))
	must(hcsshim.ExportLayer(in, "l", `C:\tmp\exp`, []string{`C:\layers\p1`}))
	must(hcsshim.DestroyLayer(info, "nonexist"))

	log := dll.NewProc("StandInLog")
	length, _, _ := log.Call(0, 0)
	text := make([]byte, length)
	log.Call(uintptr(unsafe.Pointer(&text[0])), length)
	must(os.WriteFile(os.Args[1], text, 0o644))
}
