module layerscope.example/hcsshim-layers

go 1.24

require (
	github.com/Microsoft/go-winio v0.6.2
	github.com/Microsoft/hcsshim v0.15.0
)

// A copy whose BackupRead and BackupWrite are the stand-in's: make-vector.sh makes it.
replace github.com/Microsoft/go-winio => ./go-winio
