import './styles/main.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { connect } from './app/connect.ts';
import { watchShortcuts } from './app/shortcuts.ts';
import { watchLayout } from './app/theme.ts';

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
