"""The widget of SCENES in the dialogs: a list of folders with a hint of what they hold."""
