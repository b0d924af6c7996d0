"""The formats of exports, one module each; `port.ExportFormat` says what they have to do."""
