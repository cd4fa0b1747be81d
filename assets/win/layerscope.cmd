@echo off
rem Layerscope as one command: the window without arguments, the command line with them.
setlocal
if "%~1"=="" (
  start "" "%~dp0..\Layerscope.exe"
  exit /b
)
"%~dp0..\resources\cli\node.exe" "%~dp0..\resources\cli\dist\cli.js" %*
