export { openNative } from './open-native.ts';
