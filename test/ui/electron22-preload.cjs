'use strict';
const electron = require('electron');

if (electron.webUtils === undefined) electron.webUtils = { getPathForFile: (file) => file.path };
