"""What several algorithms share: parameters, help, feedback, layers."""
