"""The quality desk: pages for the people of a department. No script, Chinese and English, every form by hand or keyboard."""
