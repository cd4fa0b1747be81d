import './styles/main.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { watchLayout } from './state/theme.ts';
import { App } from './window/app.tsx';
import { connect } from './window/connect.ts';
import { watchShortcuts } from './window/shortcuts.ts';

watchLayout();
watchShortcuts();
void connect();

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
