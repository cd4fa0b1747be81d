module layerscope.example/hcsshim-calls

go 1.21

require github.com/Microsoft/hcsshim v0.12.9
