'use strict';
const electron = require('electron');

if (electron.webUtils === undefined)
  electron.webUtils = {
    getPathForFile: (file) => {
      if (!(file instanceof File)) throw new TypeError('no file');
      return file.path;
    },
  };
